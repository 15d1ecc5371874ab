"""Starts MiniStack, with every wait of a flow for an instant to come equally long.

Flows wait for one o'clock (UTC) of tomorrow or of a later day: by the hour of the run, that is one
hour or two days from now. One factor for all waits makes them last, by that hour, a tenth of a
second, in which a flow floods the queue, or minutes. A fixed wait depends on no clock.

It also has conditions read what AWS has them read: s3:if-none-match of a put, which this MiniStack does
not know, and for a session of a role the role's ARN as aws:PrincipalArn, where it takes the session's.
"""

import os
import select
import time
from datetime import datetime, timezone

if "FAKETIME" in os.environ:
    # Python sleeps until an instant of the monotonic clock, which libfaketime takes for a wrong one.
    time.sleep = lambda seconds: select.select([], [], [], seconds)

from ministack.app import main
from ministack.core import iam_actions, iam_evaluator
from ministack.services import iam, stepfunctions

# Long enough for flows not to ask all the time, short enough to be waited for.
WAIT_SECONDS = 2


def sleep_until(timestamp):
    if datetime.fromisoformat(timestamp.replace("Z", "+00:00")) > datetime.now(timezone.utc):
        time.sleep(WAIT_SECONDS)


if not callable(stepfunctions._sleep_until):
    raise TypeError("this MiniStack waits in some other way")
stepfunctions._sleep_until = sleep_until

s3_object_context = iam_actions._s3_object_context


def s3_object_context_of_condition(action, query_params, path, headers):
    context = s3_object_context(action, query_params, path, headers)
    if action == "s3:PutObject" and headers.get("if-none-match"):
        context["s3:if-none-match"] = headers["if-none-match"]
    return context


iam_actions._s3_object_context = s3_object_context_of_condition

resolve_condition_key = iam_evaluator._resolve_condition_key


def resolve_role_of_session(key, context):
    # By the ARN: a topic's policy is evaluated with the type of a root user, for any publisher.
    if key.lower() == "aws:principalarn" and ":assumed-role/" in context.principal_arn:
        name = iam_evaluator._role_name_from_assumed_arn(context.principal_arn)
        role = iam._roles.get_scoped(context.principal_account, None, name)
        if role is not None:
            return role["Arn"]
    return resolve_condition_key(key, context)


iam_evaluator._resolve_condition_key = resolve_role_of_session
main()
