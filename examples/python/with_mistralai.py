"""Mistral's own SDK through the gateway: an answer, a stream, and the same without blocking."""

import asyncio
import os

import httpx2
from iam_auth import IamAuth
from mistralai.client import Mistral

GATEWAY_URL = os.environ["GATEWAY_URL"]  # the stack's output GatewayUrl
auth = IamAuth(GATEWAY_URL)
mistral = Mistral(
    server_url=GATEWAY_URL.rstrip("/"),
    api_key="signed-instead",
    client=httpx2.Client(auth=auth, timeout=120),
    async_client=httpx2.AsyncClient(auth=auth, timeout=120),
)
request = {
    "model": "mistral-small-latest",
    "messages": [{"role": "user", "content": "Hello"}],
}

answer = mistral.chat.complete(**request)
print(answer.choices[0].message.content)

with mistral.chat.stream(**request) as events:
    for event in events:
        print(event.data.choices[0].delta.content, end="", flush=True)
print()


async def main():
    answer = await mistral.chat.complete_async(**request)
    print(answer.choices[0].message.content)


asyncio.run(main())
