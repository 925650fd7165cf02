"""Every error seehear raises on purpose, in one tree.

Three questions pick the class: whose fault is it, can a retry help, what should the user type next.

    SeehearError                     exit  http
    ├── InputError                      2   400   what was asked or given is at fault
    │   ├── NotFoundError               3   404   no such file, media or model
    │   ├── MediaError                  4   422   the file is there but cannot be decoded
    │   ├── ConfigError                 5   400   a setting is wrong
    │   └── BudgetError                 6   402   the next call would cost more than was allowed
    ├── SetupError                     10   503   this installation is at fault
    │   ├── MissingPackageError        11   503   an optional package is not installed
    │   ├── WeightsError               12   503   model weights are missing, corrupt or out of reach
    │   ├── StorageError               13   507   the library cannot be read or written (full, read-only)
    │   ├── LibraryBusyError           14   409   another process holds what is needed   (retry helps)
    │   └── LibraryVersionError        15   409   the library was written by a newer seehear
    ├── BackendError                   20   502   a model or server failed
    │   ├── BackendUnavailableError    21   503   it does not answer                     (retry helps)
    │   └── BackendRefusedError        22   502   it answered no: key, quota, content
    ├── CancelledError                130   499   the user stopped it; finished work is kept
    └── BugError                       70   500   our fault; please report it
"""

from __future__ import annotations

from typing import ClassVar


class SeehearError(Exception):
    """Root of every deliberate error; `message` says what is wrong and whose fault, `hint` what to type next."""

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class InputError(SeehearError):
    """What was asked or given is at fault."""

    exit_code = 2
    http_status = 400


class NotFoundError(InputError):
    """No such file, media or model."""

    exit_code = 3
    http_status = 404


class MediaError(InputError):
    """The file is there but cannot be decoded."""

    exit_code = 4
    http_status = 422


class ConfigError(InputError):
    """A setting is wrong."""

    exit_code = 5
    http_status = 400


class BudgetError(InputError):
    """The next call would cost more than was allowed; what was paid for is kept."""

    exit_code = 6
    http_status = 402


class SetupError(SeehearError):
    """This installation is at fault."""

    exit_code = 10
    http_status = 503


class MissingPackageError(SetupError):
    """An optional package is not installed."""

    exit_code = 11


class WeightsError(SetupError):
    """Model weights are missing, corrupt or out of reach."""

    exit_code = 12


class StorageError(SetupError):
    """The library cannot be read or written."""

    exit_code = 13
    http_status = 507


class LibraryBusyError(SetupError):
    """Another process holds what is needed."""

    exit_code = 14
    http_status = 409
    retryable = True


class LibraryVersionError(SetupError):
    """The library was written by a newer seehear."""

    exit_code = 15
    http_status = 409


class BackendError(SeehearError):
    """A model or server failed."""

    exit_code = 20
    http_status = 502


class BackendUnavailableError(BackendError):
    """A model or server does not answer."""

    exit_code = 21
    http_status = 503
    retryable = True


class BackendRefusedError(BackendError):
    """A model or server answered no: key, quota, content."""

    exit_code = 22


class CancelledError(SeehearError):
    """The user stopped the work; what was finished is kept."""

    exit_code = 130
    http_status = 499


class BugError(SeehearError):
    """Our own fault."""

    exit_code = 70
