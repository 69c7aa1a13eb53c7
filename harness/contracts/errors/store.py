"""The database or the artifact store refused or lost something."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class StoreError(HarnessError):
    """The database or the artifact store refused or lost something."""


class StoreUnavailable(StoreError):
    """Postgres does not answer. Activities are retried; a command fails at once."""

    code = "store.unavailable"
    fix = "Check that Postgres is up: `harness doctor`."
    retryable = True
    http_status = 503


class ArtifactMissing(StoreError):
    """A named artifact or file cannot be found."""

    code = "store.artifact_missing"
    fix = "The content was deleted or never stored here."


class ArtifactNotFound(StoreError):
    """A run has no file with this id, or its content is no longer stored."""

    code = "store.artifact_not_found"
    fix = "List the files of the run: GET /api/v1/runs/RUN/artifacts."
    http_status = 404


class UploadNotFound(StoreError):
    """The caller has not uploaded a file with this id, did so more than a day ago, or its content
    is no longer stored. Files that others uploaded are not found either."""

    code = "store.upload_not_found"
    fix = "Upload the file again: POST /api/v1/files?name=NAME."
    http_status = 404


class TranscriptMissing(StoreError):
    """A worker died before it saved the newest messages. The run still holds them and sends them
    again; nothing needs to be done. Also when a step of a run names a node of another run, which
    only somebody does who answers in place of a worker."""

    code = "store.transcript_missing"
    fix = "The run resends what it holds and continues."


class ContentTooLarge(StoreError):
    """A request, a result or a file exceeds the size limit of the store."""

    code = "store.too_large"
    fix = "Make it smaller, or raise the limit in the settings."
    http_status = 413


class ContentCorrupt(StoreError):
    """Stored bytes do not match their hash: someone or the disk changed them."""

    code = "store.corrupt"
    fix = "Restore it from a backup: its bytes do not match their address."


class ContentUnsigned(StoreError):
    """Stored content does not prove that this project wrote it for this place: it was planted or
    moved, predates signing, or was written with another `signing.key`. See
    [encryption](../how-to/encryption.md#planted-rows)."""

    code = "store.unsigned"
    fix = "Rejected: not written by this project, or signing.key has changed."


class SchemaTooNew(StoreError):
    """A newer version of harness upgraded the database schema."""

    code = "store.schema_too_new"
    fix = "Upgrade harness: this database was made by a newer version."


class InvalidExport(StoreError):
    """The file is not a complete, unchanged export."""

    code = "store.bad_export"
    fix = "Export the run again: `harness export RUN`."


class InvalidBackup(StoreError):
    """The backup is incomplete, was changed, was made elsewhere, or does not contain the services
    that run locally here. Nothing was touched."""

    code = "store.bad_backup"
    fix = "Use another copy of the backup, or an older one."


class Forgotten(StoreError):
    """The run, or another of its family, was forgotten: its key was destroyed or its content
    deleted. See [encryption](../how-to/encryption.md)."""

    code = "store.forgotten"
    fix = "The content was permanently deleted; earlier exports remain readable."
    http_status = 410


class EncryptionKeyMissing(StoreError):
    """Content is encrypted with a key that this process does not have: `encryption.key` is unset
    or different, or `encryption.keyring` points elsewhere. `harness keys` lists the known keys."""

    code = "store.key_missing"
    fix = "Set encryption.key, or name the former key in encryption.old_keys."


class ArchiveChanged(StoreError):
    """The archive differs from what was sealed. The message names the seal, and the history event
    if it can. See [archive](../how-to/archive.md)."""

    code = "store.bad_chain"
    fix = "Compare with a copy: the archive was changed after it was sealed."


class FileNotWritten(StoreError):
    """A file that was named for output cannot be written: its folder does not exist, the disk is
    full, or the path is a folder. Existing content is left unchanged."""

    code = "store.not_written"
    fix = "Name another file."
