"""The roles and databases of all services in the embedded cluster."""

from jitney.stack.credentials import Credentials
from jitney.stack.databases import OWNED_APART, SERVICES, database_of, owner_of, provision
from jitney.stack.postgres import Cluster


async def provision_services(cluster: Cluster, credentials: Credentials) -> None:
    """Sees to it that every service has its role and its database, and that who is to own them does."""
    await provision(
        cluster.superuser_url(),
        {database_of(service): credentials[f"{service}_database_password"] for service in SERVICES},
        {
            database_of(service): (owner_of(service), credentials[f"{service}_owner_database_password"])
            for service in OWNED_APART
        },
    )
