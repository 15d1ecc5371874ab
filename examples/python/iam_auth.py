"""Signs requests for the gateway with AWS credentials, in clients of httpx and of httpx2."""

import importlib
import re
from urllib.parse import urlsplit

import anyio.to_thread
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.session import Session


def _auth_classes():
    # mistralai and openai have moved to httpx2; LangChain has not.
    for name in ("httpx", "httpx2"):
        try:
            yield importlib.import_module(name).Auth
        except ImportError:
            continue


class IamAuth(*_auth_classes()):
    """For `auth=` of a client, sync or async. The caller of the policy is whose credentials sign."""

    def __init__(self, gateway_url, *, region=None, session=None):
        """The region is in the URL of a function. Behind another host name, it is the session's if none is given."""
        self._origin = _origin(gateway_url)
        found = re.search(r"\.lambda-url\.([a-z0-9-]+)\.on\.aws$", self._origin[1])
        session = session or Session()
        self._region = found[1] if found else region or session.get_config_variable("region")
        if self._region is None:
            raise ValueError(f"no region in {gateway_url}: give IamAuth the gateway's, region=…")
        self._credentials = session.get_credentials()
        if self._credentials is None:
            raise RuntimeError("no AWS credentials: run `aws sso login`, or set AWS_PROFILE")

    # Clients call these for each request, and so for each retry: a signature is valid for 5 minutes.

    def sync_auth_flow(self, request):
        request.read()  # the signature covers the body
        self._sign(request, self._credentials.get_frozen_credentials())
        yield request

    async def async_auth_flow(self, request):
        await request.aread()
        # Where they are about to expire, this asks AWS for others, and waits.
        current = await anyio.to_thread.run_sync(self._credentials.get_frozen_credentials)
        self._sign(request, current)
        yield request

    def _sign(self, request, credentials):
        url = str(request.url)
        if _origin(url) != self._origin:
            raise ValueError(f"IamAuth signs for {self._origin[1]} alone, not for {url}")
        for name in ("authorization", "x-api-key", "x-amz-date", "x-amz-security-token"):
            request.headers.pop(name, None)  # the key that the client was given, above all
        names = [name for name in ("host", "content-type") if name in request.headers]
        signed = {name: request.headers[name] for name in names}
        aws = AWSRequest(request.method, url, headers=signed, data=request.content)
        SigV4Auth(credentials, "lambda", self._region).add_auth(aws)
        for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token"):
            if name in aws.headers:
                request.headers[name] = aws.headers[name]


def _origin(url):
    parts = urlsplit(str(url))
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, parts.hostname or "", port
