"""OpenAI's SDK through the gateway: an answer, a stream, and the same without blocking."""

import asyncio
import os

import httpx2
from iam_auth import IamAuth
from openai import AsyncOpenAI, OpenAI

GATEWAY_URL = os.environ["GATEWAY_URL"]  # the stack's output GatewayUrl
auth = IamAuth(GATEWAY_URL)
options = {"base_url": GATEWAY_URL.rstrip("/") + "/v1", "api_key": "signed-instead"}
client = OpenAI(**options, http_client=httpx2.Client(auth=auth, timeout=120))
request = {
    "model": "mistral-small-latest",
    "messages": [{"role": "user", "content": "Hello"}],
}

print(client.chat.completions.create(**request).choices[0].message.content)

for event in client.chat.completions.create(**request, stream=True):
    if event.choices:
        print(event.choices[0].delta.content or "", end="", flush=True)
print()


async def main():
    http_client = httpx2.AsyncClient(auth=auth, timeout=120)
    async with AsyncOpenAI(**options, http_client=http_client) as client:
        answer = await client.chat.completions.create(**request)
        print(answer.choices[0].message.content)


asyncio.run(main())
