"""Starts MiniStack, changed where this app needs it to do what AWS does.

- Flows wait for one o'clock (UTC) of tomorrow or of a later day. With FLOW_WAIT_SECONDS each of these
  waits is that long: one factor for all would make them, by the hour of the run, a tenth of a second,
  in which a flow floods the queue, or minutes. Without it they last as in AWS.
- Conditions know s3:if-none-match of a put, events:source of events that are put, and for a session of a role
  the role's ARN as aws:PrincipalArn, where MiniStack takes the session's.
- Secrets Manager keeps no version of a secret without a value, and rotates: RotateSecret makes an empty
  pending version, and the function of the secret's schedule is called with the four steps.
- CloudFormation knows the schedule and the resource policy of a secret.
"""

import contextvars
import json
import logging
import os
import select
import threading
import time
from datetime import datetime, timezone

if "FAKETIME" in os.environ:
    # Python sleeps until an instant of the monotonic clock, which libfaketime takes for a wrong one.
    time.sleep = lambda seconds: select.select([], [], [], seconds)

from ministack.app import main
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import error_response_json, get_account_id, json_response, new_uuid
from ministack.services import iam, lambda_svc, secretsmanager, stepfunctions
from ministack.services.cloudformation import provisioners

logger = logging.getLogger("like-aws")


def replace(module, name, make):
    """A function of MiniStack by another, which `make` gets the first for."""
    original = getattr(module, name)
    if not callable(original):
        raise TypeError(f"this MiniStack has no function {name}")
    setattr(module, name, make(original))


# Waits

if "FLOW_WAIT_SECONDS" in os.environ:
    # Long enough for flows not to ask all the time, short enough to be waited for.
    WAIT_SECONDS = float(os.environ["FLOW_WAIT_SECONDS"])

    def sleep_until(timestamp):
        if datetime.fromisoformat(timestamp.replace("Z", "+00:00")) > datetime.now(timezone.utc):
            time.sleep(WAIT_SECONDS)

    replace(stepfunctions, "_sleep_until", lambda _: sleep_until)
else:
    # Of waits, not of retries: those come at once either way.
    def sleep_until(timestamp):
        at = datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
        while (left := (at - datetime.now(timezone.utc)).total_seconds()) > 0:
            time.sleep(min(left, 3600))

    replace(stepfunctions, "_sleep_until", lambda _: sleep_until)

# Conditions


def with_condition_of_puts(original):
    def s3_object_context(action, query_params, path, headers):
        context = original(action, query_params, path, headers)
        if action == "s3:PutObject" and headers.get("if-none-match"):
            context["s3:if-none-match"] = headers["if-none-match"]
        return context

    return s3_object_context


def with_source_of_events(original):
    def request_tag_context(service, iam_action, body, params):
        context = original(service, iam_action, body, params)
        if iam_action == "events:PutEvents":
            entries = json.loads(body).get("Entries", [])
            sources = sorted({entry.get("Source", "") for entry in entries})
            context["events:source"] = sources[0] if len(sources) == 1 else sources
        return context

    return request_tag_context


def with_role_of_session(original):
    def resolve_condition_key(key, context):
        # By the ARN: a topic's policy is evaluated with the type of a root user, for any publisher.
        if key.lower() == "aws:principalarn" and ":assumed-role/" in context.principal_arn:
            name = iam_evaluator._role_name_from_assumed_arn(context.principal_arn)
            role = iam._roles.get_scoped(context.principal_account, None, name)
            if role is not None:
                return role["Arn"]
        return original(key, context)

    return resolve_condition_key


replace(iam_actions, "_s3_object_context", with_condition_of_puts)
replace(iam_actions, "request_tag_context", with_source_of_events)
replace(iam_evaluator, "_resolve_condition_key", with_role_of_session)

# Secrets Manager

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
# Of a secret whose rotations a test drives, because it has them fail.
STEPS_BY_HAND = "e2e:steps-by-hand"


def without_empty_version(secret):
    for version_id, version in list(secret["Versions"].items()):
        if not version["SecretString"] and not version["SecretBinary"]:
            del secret["Versions"][version_id]


def storing_values_alone(original):
    def store_new_secret(name, *given, **named):
        arn, version_id = original(name, *given, **named)
        without_empty_version(secretsmanager._secrets[name])
        return arn, version_id

    return store_new_secret


def creating_values_alone(logical_id, props, stack_name):
    name, attributes = provisioners._sm_secret_create(logical_id, props, stack_name)
    without_empty_version(secretsmanager._secrets[name])
    return name, attributes


def schedule_next(secret):
    """Schedules of this app are of one form: rate(90 days)."""
    _, days, _ = secret["RotationRules"]["ScheduleExpression"].replace("(", " ").split(" ")
    secret["RotationEnabled"] = True
    secret["NextRotationDate"] = int(time.time()) + int(days) * 86_400


def drive(secret, version_id):
    """The four steps, up to the first that fails: Secrets Manager would try again, which this does not."""
    function, config, _ = lambda_svc._get_func_record_for_ref(secret["RotationLambdaARN"])
    record = lambda_svc._execution_record_for_config(function, config)
    for step in STEPS:
        event = {"Step": step, "SecretId": secret["ARN"], "ClientRequestToken": version_id}
        outcome = lambda_svc._execute_function_with_config_scope(record, event)
        if outcome.get("error"):
            logger.error("%s of %s failed: %s", step, secret["Name"], outcome)
            return
    secret["LastRotatedDate"] = time.time()


def rotating(original):
    def rotate_secret(data):
        _, secret = secretsmanager._resolve(data.get("SecretId"))
        if secret is None or secret.get("DeletedDate"):
            return original(data)
        if not secret["RotationLambdaARN"]:
            return invalid_request("No Lambda rotation function ARN is associated with this secret.")
        pending, version = secretsmanager._find_stage_version(secret, "AWSPENDING")
        if pending is not None and "AWSCURRENT" not in version["Stages"]:
            answer = invalid_request("A previous rotation isn't complete. That rotation will be reattempted.")
        else:
            pending = data.get("ClientRequestToken") or new_uuid()
            secretsmanager._put_secret_value(
                {"SecretId": secret["ARN"], "ClientRequestToken": pending, "VersionStages": ["AWSPENDING"]}
            )
            secretsmanager._remove_stage_everywhere(secret, "AWSPENDING", except_version_id=pending)
            schedule_next(secret)
            answer = json_response({"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": pending})
        if all(tag["Key"] != STEPS_BY_HAND for tag in secret["Tags"]):
            context = contextvars.copy_context()  # with the account and the region of the call
            threading.Thread(target=context.run, args=(drive, secret, pending), daemon=True).start()
        return answer

    return rotate_secret


def invalid_request(message):
    return error_response_json("InvalidRequestException", message, 400)


def describing_rotation(original):
    def describe_secret(data):
        status, headers, body = original(data)
        _, secret = secretsmanager._resolve(data.get("SecretId"))
        if status == 200 and secret:
            dates = {name: secret[name] for name in ("LastRotatedDate", "NextRotationDate") if secret.get(name)}
            body = json.dumps({**json.loads(body), **dates}).encode()
        return status, headers, body

    return describe_secret


replace(secretsmanager, "_store_new_secret", storing_values_alone)
replace(secretsmanager, "_rotate_secret", rotating)
replace(secretsmanager, "_describe_secret", describing_rotation)

# CloudFormation


def secret_of(props):
    _, secret = secretsmanager._resolve(props["SecretId"])
    if not secret:
        raise ValueError(f"there is no secret {props['SecretId']}")
    return secret


def put_schedule(props):
    """Without the trial of the function that Secrets Manager makes."""
    if props.get("RotateImmediatelyOnUpdate") not in (False, "false"):
        raise ValueError("a schedule that rotates at once is not emulated")
    secret = secret_of(props)
    secret["RotationLambdaARN"] = props["RotationLambdaARN"]
    secret["RotationRules"] = props["RotationRules"]
    schedule_next(secret)
    return secret["ARN"], {}


def delete_schedule(arn, _props):
    _, secret = secretsmanager._resolve(arn)
    if secret:
        secret["RotationEnabled"] = False
        secret["NextRotationDate"] = None


def put_policy(props):
    """The end-to-end run reads values as the account's root, whom the policy keeps out."""
    document = props["ResourcePolicy"]
    for statement in document["Statement"]:
        others = statement.get("Condition", {}).get("ArnNotLike", {})
        arns = others.get("aws:PrincipalArn")
        if statement["Effect"] == "Deny" and arns:
            arns = arns if isinstance(arns, list) else [arns]
            others["aws:PrincipalArn"] = [*arns, f"arn:aws:iam::{get_account_id()}:root"]
    secret = secret_of(props)
    secretsmanager._put_resource_policy({"SecretId": secret["ARN"], "ResourcePolicy": json.dumps(document)})
    return f"policy of {secret['ARN']}", {}


def delete_policy(_id, props):
    _, secret = secretsmanager._resolve(props["SecretId"])
    if secret:
        secretsmanager._delete_resource_policy({"SecretId": secret["ARN"]})


def handled(put, delete):
    return {
        "create": lambda _logical_id, props, _stack: put(props),
        "update": lambda _id, _old, props, _stack: put(props),
        "delete": delete,
    }


KNOWN = provisioners._RESOURCE_HANDLERS
for kind, handlers in {
    "AWS::SecretsManager::RotationSchedule": handled(put_schedule, delete_schedule),
    "AWS::SecretsManager::ResourcePolicy": handled(put_policy, delete_policy),
}.items():
    if kind in KNOWN:
        raise TypeError(f"this MiniStack knows {kind}: use that")
    KNOWN[kind] = handlers
KNOWN["AWS::SecretsManager::Secret"]["create"] = creating_values_alone

main()
