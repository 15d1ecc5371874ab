"""LangChain through the gateway: an answer, a stream, and the same without blocking."""

import asyncio
import os

import httpx
from iam_auth import IamAuth
from langchain_mistralai import ChatMistralAI

GATEWAY_URL = os.environ["GATEWAY_URL"]  # the stack's output GatewayUrl
options = {
    "base_url": GATEWAY_URL.rstrip("/") + "/v1",
    "auth": IamAuth(GATEWAY_URL),
    "headers": {"content-type": "application/json", "accept": "application/json"},
    "timeout": 120,
}
model = ChatMistralAI(
    model_name="mistral-small-latest",
    api_key="signed-instead",
    client=httpx.Client(**options),
    async_client=httpx.AsyncClient(**options),
)

print(model.invoke("Hello").content)

for piece in model.stream("Hello"):
    print(piece.content, end="", flush=True)
print()


async def main():
    print((await model.ainvoke("Hello")).content)


asyncio.run(main())
