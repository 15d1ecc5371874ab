"""Runs the tasks of tasks.ts with the SDKs of PyPI: one task a line in, one outcome a line out."""

import base64
import json
import sys
import threading
import warnings

import httpx
import litellm
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_mistralai import ChatMistralAI, MistralAIEmbeddings
from mistralai.client import Mistral
from mistralai.client.utils import BackoffStrategy, RetryConfig
from openai import OpenAI
from pydantic import BaseModel, SecretStr

API_KEY = "none"
TOOL = {
    "name": "weather",
    "description": "The weather of a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
    },
}
TOOLS = [{"type": "function", "function": TOOL}]
TOOL_RESULT = "sunny"


class Weather(BaseModel):
    city: str
    days: int


def user(content):
    return {"role": "user", "content": content}


def asked(task):
    """What all requests for text have."""
    return {
        "model": task["model"],
        "max_tokens": task["maxTokens"],
        "messages": [user(task["prompt"])],
    }


def image_of(task):
    return [
        {"type": "text", "text": task["prompt"]},
        {"type": "image_url", "image_url": task["image"]},
    ]


class MistralCalls:
    def __init__(self, task):
        backoff = task["backoff"]
        self.task = task
        self.options = {"http_headers": task["headers"]}
        self.client = Mistral(
            api_key=API_KEY,
            server_url=task["url"],
            retry_config=RetryConfig(
                "backoff",
                BackoffStrategy(
                    backoff["initialInterval"],
                    backoff["maxInterval"],
                    backoff["exponent"],
                    backoff["maxElapsedTime"],
                ),
                True,
            ),
        )

    def models(self):
        return {"models": [card.id for card in self.client.models.list(**self.options).data]}

    def chat(self):
        answer = self.client.chat.complete(**asked(self.task), **self.options)
        return {"text": answer.choices[0].message.content}

    def stream(self):
        pieces = []
        with self.client.chat.stream(**asked(self.task), **self.options) as events:
            for event in events:
                piece = event.data.choices[0].delta.content
                if isinstance(piece, str) and piece:
                    pieces.append(piece)
        return {"text": "".join(pieces), "pieces": len(pieces)}

    def tools(self):
        request = {**asked(self.task), "tools": TOOLS}
        message = self.client.chat.complete(**request, **self.options).choices[0].message
        call = message.tool_calls[0]
        request["messages"] = [
            *request["messages"],
            message,
            {"role": "tool", "tool_call_id": call.id, "name": "weather", "content": TOOL_RESULT},
        ]
        answer = self.client.chat.complete(**request, **self.options)
        arguments = json.loads(call.function.arguments)
        return {"json": arguments, "text": answer.choices[0].message.content}

    def structured(self):
        answer = self.client.chat.parse(
            **asked(self.task), response_format=Weather, **self.options
        )
        return {"json": answer.choices[0].message.parsed.model_dump()}

    def image(self):
        request = {**asked(self.task), "messages": [user(image_of(self.task))]}
        answer = self.client.chat.complete(**request, **self.options)
        return {"text": answer.choices[0].message.content}

    def embeddings(self):
        answer = self.client.embeddings.create(
            model=self.task["model"], inputs=["one", "two"], **self.options
        )
        return {"count": len(answer.data), "json": answer.data[0].embedding}

    def fim(self):
        answer = self.client.fim.complete(
            model=self.task["model"],
            prompt=self.task["prompt"],
            suffix="}",
            max_tokens=self.task["maxTokens"],
            **self.options,
        )
        return {"text": answer.choices[0].message.content}

    def fim_stream(self):
        pieces = []
        with self.client.fim.stream(
            model=self.task["model"],
            prompt=self.task["prompt"],
            suffix="}",
            max_tokens=self.task["maxTokens"],
            **self.options,
        ) as events:
            for event in events:
                piece = event.data.choices[0].delta.content
                if isinstance(piece, str) and piece:
                    pieces.append(piece)
        return {"text": "".join(pieces), "pieces": len(pieces)}

    def ocr(self):
        answer = self.client.ocr.process(
            model=self.task["model"],
            document={"type": "document_url", "document_url": self.task["document"]},
            **self.options,
        )
        return {"text": answer.pages[0].markdown, "count": len(answer.pages)}

    def moderation(self):
        answer = self.client.classifiers.moderate(
            model=self.task["model"], inputs=[self.task["prompt"]], **self.options
        )
        return {"count": len(answer.results)}

    def chat_moderation(self):
        answer = self.client.classifiers.moderate_chat(
            model=self.task["model"], inputs=[user(self.task["prompt"])], **self.options
        )
        return {"count": len(answer.results)}

    def classification(self):
        answer = self.client.classifiers.classify(
            model=self.task["model"], inputs=[self.task["prompt"]], **self.options
        )
        return {"count": len(answer.results)}

    def chat_classification(self):
        answer = self.client.classifiers.classify_chat(
            model=self.task["model"],
            input={"messages": [user(self.task["prompt"])]},
            **self.options,
        )
        return {"count": len(answer.results)}

    def spoken(self, stream):
        return self.client.audio.speech.complete(
            model=self.task["model"],
            input=self.task["prompt"],
            voice_id=self.task["voice"],
            stream=stream,
            **self.options,
        )

    def speech(self):
        return {"text": base64.b64decode(self.spoken(False).audio_data).decode()}

    def speech_stream(self):
        pieces = []
        with self.spoken(True) as events:
            for event in events:
                if event.data.type == "speech.audio.delta":
                    pieces.append(base64.b64decode(event.data.audio_data).decode())
        return {"text": "".join(pieces), "pieces": len(pieces)}


class OpenAICalls:
    def __init__(self, task):
        self.task = task
        self.client = OpenAI(
            api_key=API_KEY, base_url=task["url"] + "/v1", default_headers=task["headers"]
        )

    def complete(self, **request):
        return self.client.chat.completions.create(**request).choices[0].message

    def models(self):
        return {"models": [model.id for model in self.client.models.list()]}

    def chat(self):
        return {"text": self.complete(**asked(self.task)).content}

    def stream(self):
        pieces = []
        for chunk in self.client.chat.completions.create(
            **asked(self.task), stream=True, stream_options={"include_usage": True}
        ):
            if chunk.choices and chunk.choices[0].delta.content:
                pieces.append(chunk.choices[0].delta.content)
        return {"text": "".join(pieces), "pieces": len(pieces)}

    def tools(self):
        request = {**asked(self.task), "tools": TOOLS, "parallel_tool_calls": False}
        message = self.complete(**request)
        call = message.tool_calls[0]
        result = {"role": "tool", "tool_call_id": call.id, "content": TOOL_RESULT}
        request["messages"] = [*request["messages"], message, result]
        arguments = json.loads(call.function.arguments)
        return {"json": arguments, "text": self.complete(**request).content}

    def structured(self):
        answer = self.client.chat.completions.parse(
            **asked(self.task), response_format=Weather
        )
        return {"json": answer.choices[0].message.parsed.model_dump()}

    def image(self):
        parts = [
            {"type": "text", "text": self.task["prompt"]},
            {"type": "image_url", "image_url": {"url": self.task["image"], "detail": "low"}},
        ]
        request = {**asked(self.task), "messages": [user(parts)]}
        return {"text": self.complete(**request).content}

    def embeddings(self):
        answer = self.client.embeddings.create(model=self.task["model"], input=["one", "two"])
        return {"count": len(answer.data), "json": answer.data[0].embedding}

    def moderation(self):
        answer = self.client.moderations.create(
            model=self.task["model"], input=self.task["prompt"]
        )
        return {"count": len(answer.results)}

    def openai_fields(self):
        message = self.complete(
            model=self.task["model"],
            messages=[user(self.task["prompt"])],
            max_completion_tokens=self.task["maxTokens"],
            seed=7,
            user="someone",
            parallel_tool_calls=True,
        )
        return {"text": message.content}

    def openai_nulls(self):
        fields = (
            "max_tokens max_completion_tokens n seed stop temperature top_p stream stream_options"
            " frequency_penalty presence_penalty store logprobs top_logprobs logit_bias service_tier"
            " metadata reasoning_effort"
        )
        message = self.complete(
            model=self.task["model"],
            messages=[user(self.task["prompt"])],
            **{field: None for field in fields.split()},
        )
        return {"text": message.content}


class LangchainCalls:
    def __init__(self, task):
        self.task = task
        # It has no option for headers of the caller's own.
        self.http = httpx.Client(
            base_url=task["url"] + "/v1",
            headers={"authorization": f"Bearer {API_KEY}", **task["headers"]},
            timeout=120,
        )
        self.model = ChatMistralAI(
            model=task["model"],
            max_tokens=task["maxTokens"],
            api_key=SecretStr(API_KEY),
            client=self.http,
        )

    def chat(self):
        return {"text": self.model.invoke(self.task["prompt"]).content}

    def stream(self):
        pieces = [chunk.content for chunk in self.model.stream(self.task["prompt"])]
        pieces = [piece for piece in pieces if piece]
        return {"text": "".join(pieces), "pieces": len(pieces)}

    def tools(self):
        model = self.model.bind_tools([TOOL])
        messages = [HumanMessage(self.task["prompt"])]
        message = model.invoke(messages)
        call = message.tool_calls[0]
        result = ToolMessage(TOOL_RESULT, tool_call_id=call["id"], name="weather")
        answer = model.invoke([*messages, message, result])
        return {"json": call["args"], "text": answer.content}

    def structured(self):
        model = self.model.with_structured_output(Weather, method="json_schema")
        return {"json": model.invoke(self.task["prompt"]).model_dump()}

    def image(self):
        return {"text": self.model.invoke([HumanMessage(image_of(self.task))]).content}

    def embeddings(self):
        embedder = MistralAIEmbeddings(
            model=self.task["model"],
            api_key=SecretStr(API_KEY),
            endpoint=self.task["url"] + "/v1",
            client=self.http,
        )
        vectors = embedder.embed_documents(["one", "two"])
        return {"count": len(vectors), "json": vectors[0]}


class LiteLLMCalls:
    def __init__(self, task):
        self.task = task
        self.where = {
            "api_key": API_KEY,
            "api_base": task["url"] + "/v1",
            "extra_headers": task["headers"],
        }

    def asked(self):
        return {**asked(self.task), "model": "mistral/" + self.task["model"], **self.where}

    def complete(self, **request):
        return litellm.completion(**request).choices[0].message

    def chat(self):
        return {"text": self.complete(**self.asked()).content}

    def stream(self):
        pieces = []
        for chunk in litellm.completion(**self.asked(), stream=True):
            if chunk.choices and chunk.choices[0].delta.content:
                pieces.append(chunk.choices[0].delta.content)
        return {"text": "".join(pieces), "pieces": len(pieces)}

    def tools(self):
        request = {**self.asked(), "tools": TOOLS}
        message = self.complete(**request)
        call = message.tool_calls[0]
        result = {"role": "tool", "tool_call_id": call.id, "content": TOOL_RESULT}
        request["messages"] = [*request["messages"], message, result]
        arguments = json.loads(call.function.arguments)
        return {"json": arguments, "text": self.complete(**request).content}

    def structured(self):
        message = self.complete(**self.asked(), response_format=Weather)
        return {"json": Weather.model_validate_json(message.content).model_dump()}

    def image(self):
        request = {**self.asked(), "messages": [user(image_of(self.task))]}
        return {"text": self.complete(**request).content}

    def embeddings(self):
        # Of embeddings it sends no headers of the caller's own.
        client = OpenAI(
            api_key=API_KEY,
            base_url=self.where["api_base"],
            default_headers=self.task["headers"],
        )
        answer = litellm.embedding(
            model="mistral/" + self.task["model"],
            input=["one", "two"],
            client=client,
            **self.where,
        )
        return {"count": len(answer.data), "json": answer.data[0]["embedding"]}


CLIENTS = {
    "pypi mistralai": MistralCalls,
    "pypi openai": OpenAICalls,
    "pypi langchain": LangchainCalls,
    "pypi litellm": LiteLLMCalls,
}


def run(task):
    try:
        calls = CLIENTS[task["client"]](task)
        answered = getattr(calls, task["call"].replace("-", "_"))()
        return {"kind": "answered", **answered}
    except Exception as error:  # any error of a client
        response = getattr(error, "response", None) or getattr(error, "raw_response", None)
        status = getattr(error, "status_code", None) or getattr(response, "status_code", None)
        said = f"{type(error).__name__}: {error} {getattr(error, 'body', '')}"
        return {"kind": "refused", "status": status, "said": said}


printing = threading.Lock()
outcomes, sys.stdout = sys.stdout, sys.stderr  # some SDKs print


def answer(line):
    task = json.loads(line)
    outcome = run(task)
    with printing:
        print(json.dumps({"id": task["id"], "outcome": outcome}), file=outcomes, flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    litellm.suppress_debug_info = True
    for line in sys.stdin:
        threading.Thread(target=answer, args=(line,), daemon=True).start()
