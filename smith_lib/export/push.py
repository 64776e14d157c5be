"""A Hugging Face export put onto the hub, by the token of the environment alone."""

import os
from pathlib import Path

from smith_lib.errors import InputError, NetworkError


def push(folder: Path, repo_id: str, version: str) -> str:
    """The address of the dataset `OWNER/NAME` once it holds the folder's files; a new one is private.

    The token is `HF_TOKEN`, the hub `HF_ENDPOINT` where that is set. Raises `InputError` where the name or
    the token is no good, `NetworkError` where the hub does not answer.
    """
    token = os.environ.get("HF_TOKEN", "").strip()
    if not token:
        raise InputError("pushing takes a token of the hub that may write: set HF_TOKEN")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read when it is imported
    import httpx
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    hub = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, token=token)
    try:
        hub.create_repo(repo_id, repo_type="dataset", private=True, exist_ok=True)
        hub.upload_folder(
            folder_path=folder, repo_id=repo_id, repo_type="dataset", commit_message=f"Tasks of {version}",
            ignore_patterns=["export.json"], delete_patterns=["data/*.parquet"],
        )  # fmt: skip
    except HFValidationError as error:
        raise InputError(f"cannot push to {repo_id!r}: OWNER/NAME is wanted ({error})") from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        why = f"the hub refuses {repo_id!r}: {str(error).strip().splitlines()[0]}"
        if status in (400, 401, 403, 404):
            raise InputError(f"{why}; is HF_TOKEN one that may write there?") from error
        raise NetworkError(why) from error
    except (OSError, httpx.HTTPError) as error:
        raise NetworkError(f"the hub at {hub.endpoint} does not answer: {error}") from error
    return f"{hub.endpoint}/datasets/{repo_id}"
