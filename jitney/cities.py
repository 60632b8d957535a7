"""`jitney city`: read and change what cities sell and charge, on a local stack or the one of the environment."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from jitney.stack.problems import StackError

app = typer.Typer(
    help="Read and change what cities sell and charge (docs/pricing.md).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_MINUTES, _CALL_SECONDS = 10, 30.0
Data = Annotated[Path, typer.Option("--data", metavar="DIR", envvar="JITNEY_HOME", help="The data folder.")]
Document = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A city file (TOML).")]
City = Annotated[str, typer.Argument(metavar="CITY", help="The city's key, as in `jitney city list`.")]
_DATA = Path(".jitney")


@app.command("list")
def list_cities(data: Data = _DATA) -> None:
    """Show the cities and the version in force in each."""
    from ridesharing.matching.v1 import city_service_pb2 as pb

    with _client(data) as ask:
        for city in ask("ListCities", pb.ListCitiesRequest()).cities:
            typer.echo(f"{city.city:<24} version {city.version:<5} {city.currency_code}  {city.name}")


@app.command()
def versions(city: City, data: Data = _DATA) -> None:
    """Show the newest hundred versions of a city's policy."""
    from ridesharing.matching.v1 import city_service_pb2 as pb

    with _client(data) as ask:
        for policy in ask("ListCityPolicies", pb.ListCityPoliciesRequest(city=city, page_size=100)).policies:
            start = policy.effective_time.ToDatetime(UTC).isoformat(timespec="seconds")
            typer.echo(f"{policy.version:>5}  from {start}  {policy.operator_id or 'city file':<36}  {policy.note}")


@app.command()
def show(
    city: City, version: Annotated[int, typer.Option(min=0, help="0 is the one in force.")] = 0, data: Data = _DATA
) -> None:
    """Print the document of a version, to change it and put it back."""
    from ridesharing.matching.v1 import city_service_pb2 as pb

    with _client(data) as ask:
        typer.echo(ask("GetCityPolicy", pb.GetCityPolicyRequest(city=city, version=version)).policy.document, nl=False)


@app.command()
def diff(
    city: City,
    before: Annotated[int, typer.Argument(min=0)],
    after: Annotated[int, typer.Argument(min=0, help="0 is the one in force.")] = 0,
    data: Data = _DATA,
) -> None:
    """Compare two versions, key by key."""
    from ridesharing.matching.v1 import city_service_pb2 as pb

    with _client(data) as ask:
        request = pb.DiffCityPoliciesRequest(city=city, before_version=before, after_version=after)
        _say_changes(ask("DiffCityPolicies", request).changes)


@app.command()
def check(file: Document, data: Data = _DATA) -> None:
    """Try a document out: what is wrong with it, or what it would change."""
    from ridesharing.matching.v1 import city_service_pb2 as pb

    with _client(data) as ask:
        checked = ask("CheckCityPolicy", pb.CheckCityPolicyRequest(document=_read(file)))
        newest = f"against version {checked.latest_version}" if checked.latest_version else "a new city"
        typer.echo(f"{file} is a policy of {checked.city}, {newest}:")
        _say_changes(checked.changes)


@app.command()
def put(
    file: Document,
    start: Annotated[
        str, typer.Option("--from", metavar="TIME", help="2030-01-31T18:00:00Z; at once if left out.")
    ] = "",
    note: Annotated[str, typer.Option(help="Words for the record.")] = "",
    data: Data = _DATA,
) -> None:
    """Put a document in force as the city's next version."""
    from ridesharing.matching.v1 import city_service_pb2 as pb

    document = _read(file)
    with _client(data) as ask:
        latest = ask("CheckCityPolicy", pb.CheckCityPolicyRequest(document=document)).latest_version
        request = pb.PutCityPolicyRequest(request_id=str(uuid4()), document=document, base_version=latest, note=note)
        if start:
            request.effective_time.FromDatetime(_moment(start))
        policy = ask("PutCityPolicy", request).policy
    start_text = policy.effective_time.ToDatetime(UTC).isoformat(timespec="seconds")
    typer.echo(f"Version {policy.version} of {policy.city} is in force from {start_text} on.")


def _say_changes(changes: Any) -> None:
    for change in changes:
        typer.echo(f"  {change.key}: {change.before or '(nothing)'} -> {change.after or '(nothing)'}")
    if not changes:
        typer.echo("  no difference")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StackError(f"{file} cannot be read: {error}") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise StackError(f"{text} is not a time such as 2030-01-31T18:00:00Z") from None
    if moment.tzinfo is None:
        raise StackError(f"{text} has no offset from UTC; write Z or +01:00 at its end")
    return moment.astimezone(UTC)


@contextmanager
def _client(data: Path) -> Generator[Any]:
    """Opens a channel to matching_service (JITNEY_MATCHING_TARGET, or a local stack's) and calls as an operator."""
    import grpc

    from chassis.clients import forward_token, open_sync_channel
    from chassis.tls import certificates_of
    from jitney.operate.client import refusal_of
    from jitney.stack.environment import StackSettings
    from jitney.stack.tokens import make_token, signing_keys
    from ridesharing.matching.v1.city_service_pb2_grpc import CityServiceStub

    settings = StackSettings.read(os.environ, data)
    token = make_token(signing_keys(os.environ, settings.data.keys), "operator", None, _MINUTES)
    target = os.environ.get("JITNEY_MATCHING_TARGET") or settings.addresses["JITNEY_MATCHING_LISTEN"].local
    with open_sync_channel(target, certificates=certificates_of()) as channel:
        stub = CityServiceStub(channel)

        def ask(method: str, request: Any) -> Any:
            try:
                return getattr(stub, method)(request, metadata=forward_token(token), timeout=_CALL_SECONDS)
            except grpc.RpcError as error:
                raise refusal_of(error, "matching") from None

        yield ask
