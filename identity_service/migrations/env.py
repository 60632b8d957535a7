from chassis.migrations import run_env
from identity_service.adapters.tables import metadata

run_env(metadata)
