"""Calls the gateway in each way that iam_auth.py signs, and prints what came back."""

import asyncio
import json
import os

import httpx
import httpx2
from iam_auth import IamAuth

URL = os.environ["GATEWAY_URL"].rstrip("/")
AUTH = IamAuth(URL, region="eu-west-1")
HEADERS = {"authorization": "Bearer of-the-client", "x-api-key": "of-the-client"}


def calls():
    yield {"method": "GET", "url": "/v1/models"}
    yield {"method": "GET", "url": "/v1/models/ft%3Amistral-small%2Fa b+c~"}
    yield {"method": "GET", "url": "/v1/models?page=2&after=a%2Fb%20c&after=&limit=1"}
    yield {"method": "POST", "url": "/v1/chat/completions", "json": {"content": "Grüße"}}
    yield {"method": "POST", "url": "/v1/audio", "files": {"file": ("a.wav", b"\x00\xff" * 9)}}
    yield {"method": "POST", "url": "/v1/empty"}
    yield {"method": "DELETE", "url": "/v1/files/1"}


async def main():
    statuses = []
    for module in (httpx, httpx2):
        with module.Client(base_url=URL, auth=AUTH, headers=HEADERS) as client:
            statuses += [client.request(**call).status_code for call in calls()]
            with client.stream("POST", "/v1/chat/completions", content=iter([b"{", b"}"])) as answer:
                statuses.append(answer.status_code)
            try:
                client.get("http://localhost:9/v1/models")
            except ValueError as error:
                refused = str(error)
        async with module.AsyncClient(base_url=URL, auth=AUTH, headers=HEADERS) as client:
            for call in calls():
                statuses.append((await client.request(**call)).status_code)

            async def body():
                yield b"{"
                yield b"}"

            async with client.stream("POST", "/v1/chat/completions", content=body()) as answer:
                statuses.append(answer.status_code)
    print(json.dumps({"statuses": statuses, "refused": refused}))


asyncio.run(main())
