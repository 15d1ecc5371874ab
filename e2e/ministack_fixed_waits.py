"""Starts MiniStack, with every wait of a flow for an instant to come equally long.

Flows wait for one o'clock (UTC) of tomorrow or of a later day: by the hour of the run, that is one
hour or two days from now. One factor for all waits makes them last, by that hour, a tenth of a
second, in which a flow floods the queue, or minutes. A fixed wait depends on no clock.
"""

import os
import select
import time
from datetime import datetime, timezone

if "FAKETIME" in os.environ:
    # Python sleeps until an instant of the monotonic clock, which libfaketime takes for a wrong one.
    time.sleep = lambda seconds: select.select([], [], [], seconds)

from ministack.app import main
from ministack.services import stepfunctions

# Long enough for flows not to ask all the time, short enough to be waited for.
WAIT_SECONDS = 2


def sleep_until(timestamp):
    if datetime.fromisoformat(timestamp.replace("Z", "+00:00")) > datetime.now(timezone.utc):
        time.sleep(WAIT_SECONDS)


if not callable(stepfunctions._sleep_until):
    raise TypeError("this MiniStack waits in some other way")
stepfunctions._sleep_until = sleep_until
main()
