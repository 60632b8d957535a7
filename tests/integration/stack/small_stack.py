"""A supervisor over PostgreSQL, Redis and a worker with a child of its own; run as a process, to be killed by a test.

python -m tests.integration.stack.small_stack DATA_FOLDER POSTGRES_PORT REDIS_PORT
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from jitney.stack.addresses import Address
from jitney.stack.credentials import Credentials
from jitney.stack.environment import StackSettings
from jitney.stack.launch import Launcher
from jitney.stack.leftovers import end_leftovers
from jitney.stack.processes import Stage
from jitney.stack.specs import ProcessSpec
from jitney.stack.supervisor import Supervisor

_WORKER = "import subprocess, sys, time; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"


async def _run(settings: StackSettings) -> None:
    folder = settings.data
    folder.prepare()
    with folder.locked():
        end_leftovers(folder)
        credentials = Credentials.load_or_make(folder.secrets)
        cluster, server = settings.cluster(credentials), settings.redis(credentials)
        cluster.create()
        server.create()
        worker = ProcessSpec("worker", (sys.executable, "-c", _WORKER), dict(os.environ))
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        with Launcher() as launcher:
            async with Supervisor(folder, launcher, print) as supervisor:
                for spec in (cluster.spec(), server.spec()):
                    await supervisor.start(spec, Stage.STORES)
                await supervisor.start(worker, Stage.SERVICES)
                supervisor.all_started()
                await stop.wait()


if __name__ == "__main__":
    place, postgres_port, redis_port = sys.argv[1:4]
    read = StackSettings.read({}, Path(place))
    addresses = {
        **read.addresses,
        "JITNEY_POSTGRES_LISTEN": Address("127.0.0.1", int(postgres_port)),
        "JITNEY_REDIS_LISTEN": Address("127.0.0.1", int(redis_port)),
    }
    asyncio.run(_run(StackSettings(read.data, addresses, {})))
