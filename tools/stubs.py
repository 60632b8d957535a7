"""Makes the stubs of the contracts, lints the contracts, and compares both with what stands committed.

    python -m tools.stubs             write the stubs beside the contracts
    python -m tools.stubs --check     fail when the committed stubs differ from what would be written
    python -m tools.stubs --lint      buf lint, and buf breaking against the contracts as they stand on main

`buf/validate/validate.proto` is not copied here: its descriptor comes out of the installed protovalidate, so the
options in the contracts and the engine that holds them are of one version.
"""

from __future__ import annotations

import argparse
import filecmp
import subprocess
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
WELL_KNOWN = Path(protoc.__file__).parent / "_proto"
VALIDATE = "buf/validate/validate.proto"
GENERATED = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi")


def contracts(protos: Path = PROTOS) -> list[str]:
    """Return all contracts as paths relative to their root."""
    return sorted(str(path.relative_to(protos)) for path in protos.glob("ridesharing/**/*.proto"))


def run_protoc(*arguments: str) -> None:
    """Run protoc in a process of its own: it ends the process on a syntax error."""
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *arguments], check=True, cwd=ROOT)


def write_validate_descriptor(folder: Path) -> Path:
    """Write a descriptor set with protovalidate's options and the well-known types they import."""
    well_known = folder / "well_known.binpb"
    names = ("descriptor", "duration", "field_mask", "timestamp")
    run_protoc(f"-I{WELL_KNOWN}", f"--descriptor_set_out={well_known}", *(f"google/protobuf/{n}.proto" for n in names))
    files = descriptor_pb2.FileDescriptorSet.FromString(well_known.read_bytes())
    files.file.append(descriptor_pb2.FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary()))
    path = folder / "validate.binpb"
    path.write_bytes(files.SerializeToString())
    return path


def write_stubs(out: Path) -> None:
    """Write all stubs below a folder: messages and services with their type stubs."""
    with tempfile.TemporaryDirectory() as scratch:
        known = write_validate_descriptor(Path(scratch))
        run_protoc(f"--descriptor_set_in={known}", f"--python_out={out}", f"--pyi_out={out}", VALIDATE)
        run_protoc(
            f"-I{PROTOS}",
            f"--descriptor_set_in={known}",
            f"--python_out={out}",
            f"--grpc_python_out={out}",
            f"--mypy_out=quiet:{out}",
            f"--mypy_grpc_out=quiet:{out}",
            *contracts(),
        )
    for path in out.glob("ridesharing/**/*_pb2_grpc.py"):
        if "Servicer" not in path.read_text():
            path.unlink()
            path.with_suffix(".pyi").unlink(missing_ok=True)


def generated(root: Path) -> set[str]:
    """Return the generated files below a folder, as paths relative to it."""
    return {str(path.relative_to(root)) for pattern in GENERATED for path in root.rglob(pattern)}


def differing_stubs() -> list[str]:
    """Return the generated files that are missing, stale or left over."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        write_stubs(fresh)
        wanted, standing = generated(fresh), generated(PROTOS)
        _, changed, broken = filecmp.cmpfiles(fresh, PROTOS, sorted(wanted & standing), shallow=False)
        return sorted([*(wanted ^ standing), *changed, *broken])


def write_image(protos: Path, path: Path, scratch: Path) -> None:
    """Write one image (descriptor set with imports and comments) of all contracts below a folder."""
    known = write_validate_descriptor(scratch)
    run_protoc(
        f"-I{protos}",
        f"--descriptor_set_in={known}",
        "--include_imports",
        "--include_source_info",
        f"--descriptor_set_out={path}",
        *contracts(protos),
    )


def landed_revision() -> str | None:
    """Return the revision whose clients must not break: what has landed on main; None outside of a checkout."""
    for name in ("origin/main", "main"):
        command = ["git", "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"]
        if subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode == 0:
            return name
    return None


def lint(against: str | None) -> int:
    """Lint the contracts; compare them with those of a git revision when one is named. Return buf's exit code."""
    config = str(PROTOS / "buf.yaml")
    with tempfile.TemporaryDirectory() as scratch_name:
        scratch = Path(scratch_name)
        image = scratch / "now.binpb"
        write_image(PROTOS, image, scratch)
        code = subprocess.run(["buf", "lint", str(image), "--config", config], cwd=ROOT, check=False).returncode
        if code == 0 and against:
            before = scratch / "before"
            before.mkdir()
            archive = subprocess.run(["git", "archive", against, "protos"], cwd=ROOT, check=True, capture_output=True)
            subprocess.run(["tar", "-x", "-C", str(before)], input=archive.stdout, check=True)
            then = scratch / "then.binpb"
            write_image(before / "protos", then, scratch)
            command = ["buf", "breaking", str(image), "--against", str(then), "--config", config]
            code = subprocess.run(command, cwd=ROOT, check=False).returncode
        return code


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    parser.add_argument("--lint", action="store_true", help="lint the contracts")
    parser.add_argument(
        "--against", metavar="REVISION", help="with --lint: since when nothing may break; main if left out"
    )
    arguments = parser.parse_args()
    if arguments.lint:
        return lint(arguments.against or landed_revision())
    if arguments.check:
        differing = differing_stubs()
        if differing:
            print("Stubs differ from the contracts; run `make protos`:", *differing, sep="\n  ", file=sys.stderr)
        return 1 if differing else 0
    write_stubs(PROTOS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
