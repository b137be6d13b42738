"""The one list of error codes.

An error is data until the last moment: a code and fields. What a person reads about it (what happened, why, what
can be done) stands in resources/words/<language>/, a test walks all codes. `Cancelled` is an outcome, not an error.

Field names tell how a value is shown: `*_bytes` as a size, `*_seconds` as a time, all others as they are.
Never put a secret or a whole private path of somebody else's into a field.
"""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What the button beside an error does. The window maps each to a function, words/ to a label."""

    NONE = "none"
    RETRY = "retry"
    CHOOSE_OTHER = "choose_other"  # another file, folder or name
    CHOOSE_SIZE = "choose_size"
    CHOOSE_NAME = "choose_name"
    FREE_SPACE = "free_space"
    CHOOSE_FOLDER = "choose_folder"  # another work or models folder
    OPEN_SETTINGS = "open_settings"
    OPEN_ACCOUNT = "open_account"  # Settings, Hugging Face access key
    OPEN_PAGE = "open_page"  # the web page in field `url`
    START_OLLAMA = "start_ollama"
    GET_OLLAMA = "get_ollama"
    USE_BUILTIN = "use_builtin"
    GO_ON = "go_on"  # resume the interrupted job
    FETCH_MISSING = "fetch_missing"  # the missing small file from field `base_model`


class Code(StrEnum):
    """Every error code, grouped by the room that raises it, each with the action offered beside it."""

    action: Action

    def __new__(cls, value: str, action: Action = Action.NONE) -> Code:
        member = str.__new__(cls, value)
        member._value_ = value
        member.action = action
        return member

    # --- general -----------------------------------------------------------------------------------------------
    INTERNAL = "internal", Action.RETRY  # a fault of ours; fields: detail
    USAGE = "usage"  # fields: detail
    FILE_MISSING = "file_missing", Action.CHOOSE_OTHER  # fields: name
    FILE_UNREADABLE = "file_unreadable", Action.CHOOSE_OTHER  # fields: name, detail
    FILE_CHANGED = "file_changed", Action.RETRY  # changed while being read; fields: name
    DISK_FULL = "disk_full", Action.FREE_SPACE  # fields: folder, need_bytes, free_bytes
    FOLDER_NOT_WRITABLE = "folder_not_writable", Action.CHOOSE_FOLDER  # fields: folder
    WORKER_DIED = "worker_died", Action.GO_ON  # the child process ended by itself; fields: detail
    OUT_OF_MEMORY = "out_of_memory", Action.CHOOSE_SIZE
    # --- formats: GGUF -------------------------------------------------------------------------------------------
    GGUF_NOT_GGUF = "gguf_not_gguf", Action.CHOOSE_OTHER  # fields: name
    GGUF_VERSION = "gguf_version", Action.CHOOSE_OTHER  # fields: name, version
    GGUF_TRUNCATED = "gguf_truncated", Action.CHOOSE_OTHER  # fields: name, where, need_bytes, have_bytes
    GGUF_INVALID = "gguf_invalid", Action.CHOOSE_OTHER  # fields: name, where, detail
    GGUF_SPLIT_INCOMPLETE = "gguf_split_incomplete", Action.CHOOSE_OTHER  # fields: name, missing
    GGUF_SPLIT_INVALID = "gguf_split_invalid", Action.CHOOSE_OTHER  # fields: name, detail
    GGUF_NO_MODEL = "gguf_no_model", Action.CHOOSE_OTHER  # an mmproj or adapter alone; fields: name, kind
    # --- importing -----------------------------------------------------------------------------------------------
    SOURCE_NOT_UNDERSTOOD = "source_not_understood", Action.CHOOSE_OTHER  # fields: text
    SOURCE_EMPTY_FOLDER = "source_empty_folder", Action.CHOOSE_OTHER  # fields: name, found
    SIZE_UNKNOWN = "size_unknown", Action.CHOOSE_SIZE  # fields: size, offered
    OUTPUT_EXISTS = "output_exists", Action.CHOOSE_OTHER  # fields: name
    SMOKE_TEST_FAILED = "smoke_test_failed", Action.RETRY  # fields: name, detail
    # --- engines -------------------------------------------------------------------------------------------------
    ENGINE_MODEL_MISSING = "engine_model_missing", Action.CHOOSE_OTHER  # fields: name
    ENGINE_NAME_TAKEN = "engine_name_taken", Action.CHOOSE_NAME  # fields: name
    ENGINE_NAME_INVALID = "engine_name_invalid", Action.CHOOSE_NAME  # fields: name
    ENGINE_LOAD_FAILED = "engine_load_failed", Action.CHOOSE_OTHER  # llama.cpp refused the file; fields: name, detail
    ENGINE_CRASHED = "engine_crashed", Action.RETRY  # the engine's process ended; fields: name, detail
    ENGINE_OUT_OF_MEMORY = "engine_out_of_memory", Action.CHOOSE_SIZE  # fields: name
    ENGINE_PROMPT_TOO_LONG = "engine_prompt_too_long"  # fields: prompt_tokens, context_length
    ENGINE_BAD_OPTION = "engine_bad_option"  # fields: option, detail
    ENGINE_NO_VISION = "engine_no_vision"  # picture sent to a text model; fields: name
    ENGINE_NO_CHAT = "engine_no_chat"  # embedding model; fields: name
    ENGINE_FAILED = "engine_failed", Action.RETRY  # any other answer of the engine; fields: name, detail


class ModelyardError(Exception):
    """An error with a code of the list and plain fields; words/ turns it into sentences."""

    def __init__(self, code: Code, **fields: str | int | float | None) -> None:
        self.code = code
        self.fields = fields
        shown = ", ".join(f"{key}={value!r}" for key, value in fields.items())
        super().__init__(f"{code.value}({shown})")


class Cancelled(Exception):
    """The person stopped the work. Unwinds silently."""
