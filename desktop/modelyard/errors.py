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
    GGUF_BIG_ENDIAN = "gguf_big_endian", Action.CHOOSE_OTHER  # fields: name
    GGUF_TYPE_UNKNOWN = "gguf_type_unknown", Action.CHOOSE_OTHER  # a newer format; fields: name, tensor, type
    GGUF_TYPE_WITHDRAWN = "gguf_type_withdrawn", Action.CHOOSE_OTHER  # an old format; fields: name, tensor, type
    GGUF_NO_MODEL = "gguf_no_model", Action.CHOOSE_OTHER  # an mmproj or adapter alone; fields: name, kind
    # --- formats: checkpoints (safetensors, PyTorch, folders, add-ons) ---------------------------------------------
    SAFETENSORS_INVALID = "safetensors_invalid", Action.CHOOSE_OTHER  # fields: name, detail
    SAFETENSORS_TRUNCATED = "safetensors_truncated", Action.CHOOSE_OTHER  # fields: name, need_bytes, have_bytes
    TORCH_INVALID = "torch_invalid", Action.CHOOSE_OTHER  # fields: name, detail
    TORCH_LEGACY = "torch_legacy", Action.CHOOSE_OTHER  # saved before PyTorch 1.6, not a zip; fields: name
    TORCH_UNSAFE = "torch_unsafe", Action.CHOOSE_OTHER  # asks for code to be run; fields: name, wants
    ZIP_INVALID = "zip_invalid", Action.CHOOSE_OTHER  # fields: name, detail
    JSON_INVALID = "json_invalid", Action.CHOOSE_OTHER  # fields: name, detail
    FILE_TOO_BIG = "file_too_big", Action.CHOOSE_OTHER  # beyond any honest size; fields: name, size_bytes, limit_bytes
    CHECKPOINT_NO_WEIGHTS = "checkpoint_no_weights", Action.CHOOSE_OTHER  # fields: name, found
    CHECKPOINT_SEVERAL = "checkpoint_several", Action.CHOOSE_OTHER  # several models below; fields: name, found
    CHECKPOINT_NO_CONFIG = "checkpoint_no_config", Action.FETCH_MISSING  # fields: name, base_model
    CHECKPOINT_NO_ARCHITECTURE = "checkpoint_no_architecture", Action.CHOOSE_OTHER  # fields: name
    CHECKPOINT_INCOMPLETE = "checkpoint_incomplete", Action.CHOOSE_OTHER  # weight files missing; fields: name, missing
    CHECKPOINT_ESCAPES = "checkpoint_escapes", Action.CHOOSE_OTHER  # names a file outside; fields: name, file
    IMATRIX_INVALID = "imatrix_invalid", Action.CHOOSE_OTHER  # fields: name, detail
    # --- convert: packed weights and add-ons ------------------------------------------------------------------------
    PACKING_UNKNOWN = "packing_unknown", Action.CHOOSE_OTHER  # fields: name, method, base_model
    PACKING_REARRANGED = "packing_rearranged", Action.CHOOSE_OTHER  # fields: name, method, architecture, base_model
    PACKING_INVALID = "packing_invalid", Action.CHOOSE_OTHER  # fields: name, tensor, detail
    ADAPTER_UNSUPPORTED = "adapter_unsupported", Action.CHOOSE_OTHER  # fields: name, method, base_model
    ADAPTER_INVALID = "adapter_invalid", Action.CHOOSE_OTHER  # fields: name, detail
    ADAPTER_BASE_MISSING = "adapter_base_missing", Action.CHOOSE_OTHER  # fields: name, base_model
    ADAPTER_MISMATCH = "adapter_mismatch", Action.CHOOSE_OTHER  # made for another base; fields: name, base, tensor
    # --- importing -----------------------------------------------------------------------------------------------
    SOURCE_NOT_UNDERSTOOD = "source_not_understood", Action.CHOOSE_OTHER  # fields: text
    SOURCE_EMPTY_FOLDER = "source_empty_folder", Action.CHOOSE_OTHER  # fields: name, found
    SOURCE_AMBIGUOUS = "source_ambiguous", Action.CHOOSE_OTHER  # several models in one folder; fields: name, found
    EXTENDED_FAILED = "extended_failed", Action.CHOOSE_OTHER  # llama.cpp's converter gave up; fields: name, detail
    SIZE_UNKNOWN = "size_unknown", Action.CHOOSE_SIZE  # fields: size, offered
    OUTPUT_EXISTS = "output_exists", Action.CHOOSE_OTHER  # fields: name
    # --- hub: names and links ------------------------------------------------------------------------------------
    HUB_LINK_EMPTY = "hub_link_empty", Action.CHOOSE_OTHER
    HUB_LINK_INVALID = "hub_link_invalid", Action.CHOOSE_OTHER  # not a model name; fields: text
    HUB_LINK_OTHER_SITE = "hub_link_other_site", Action.CHOOSE_OTHER  # fields: host
    HUB_LINK_NOT_MODEL = "hub_link_not_model", Action.CHOOSE_OTHER  # a data set, a space; fields: kind, text
    HUB_LINK_NO_MODEL = "hub_link_no_model", Action.CHOOSE_OTHER  # only an account was named; fields: owner
    HUB_LINK_OLLAMA_NAME = "hub_link_ollama_name", Action.CHOOSE_OTHER  # a name of Ollama's library; fields: name
    # --- hub: answers of the server ------------------------------------------------------------------------------
    HUB_UNREACHABLE = "hub_unreachable", Action.RETRY  # fields: host, detail
    HUB_CERTIFICATE = "hub_certificate", Action.OPEN_SETTINGS  # fields: host, detail
    HUB_PROXY = "hub_proxy", Action.OPEN_SETTINGS  # the proxy refused; fields: host, detail
    HUB_RATE_LIMITED = "hub_rate_limited", Action.RETRY  # with a key; fields: host, wait_seconds
    HUB_RATE_LIMITED_NO_KEY = "hub_rate_limited_no_key", Action.OPEN_ACCOUNT  # fields: host, wait_seconds
    HUB_SERVER_ERROR = "hub_server_error", Action.RETRY  # fields: host, status
    HUB_ANSWER_INVALID = "hub_answer_invalid", Action.OPEN_SETTINGS  # not a Hub, or a broken one; fields: host, detail
    HUB_KEY_INVALID = "hub_key_invalid", Action.OPEN_ACCOUNT  # fields: host
    HUB_KEY_NOT_SENT = "hub_key_not_sent", Action.OPEN_SETTINGS  # a mirror, no consent; fields: name, host
    HUB_REPO_MISSING = "hub_repo_missing", Action.CHOOSE_OTHER  # or private to others; fields: name
    HUB_REPO_MISSING_NO_KEY = "hub_repo_missing_no_key", Action.OPEN_ACCOUNT  # or private; fields: name
    HUB_REVISION_MISSING = "hub_revision_missing", Action.CHOOSE_OTHER  # fields: name, revision
    HUB_FILE_MISSING = "hub_file_missing", Action.CHOOSE_OTHER  # fields: name, file
    HUB_GATED_NO_KEY = "hub_gated_no_key", Action.OPEN_ACCOUNT  # fields: name, url
    HUB_GATED_KEY_LACKS_RIGHT = "hub_gated_key_lacks_right", Action.OPEN_PAGE  # fields: name, url
    HUB_GATED_TERMS = "hub_gated_terms", Action.OPEN_PAGE  # terms not accepted yet; fields: name, url
    HUB_GATED_PENDING = "hub_gated_pending", Action.OPEN_PAGE  # the author has not answered yet; fields: name, url
    HUB_GATED_REJECTED = "hub_gated_rejected", Action.OPEN_PAGE  # fields: name, url
    HUB_FORBIDDEN = "hub_forbidden", Action.OPEN_PAGE  # fields: name, detail, url
    HUB_ENDPOINT_INVALID = "hub_endpoint_invalid", Action.OPEN_SETTINGS  # fields: address
    # --- hub: fetching -------------------------------------------------------------------------------------------
    HUB_FILE_CHANGED = "hub_file_changed", Action.RETRY  # other bytes than when it began; fields: name
    HUB_FILE_DAMAGED = "hub_file_damaged", Action.RETRY  # the checksum differs, twice; fields: name
    HUB_FILE_NAME_UNSAFE = "hub_file_name_unsafe", Action.CHOOSE_OTHER  # fields: name
    HUB_FILE_TOO_LARGE = "hub_file_too_large", Action.CHOOSE_OTHER  # beyond a reading limit; fields: name, limit_bytes
    # --- hub: publishing -----------------------------------------------------------------------------------------
    HUB_NO_KEY = "hub_no_key", Action.OPEN_ACCOUNT
    HUB_KEY_READ_ONLY = "hub_key_read_only", Action.OPEN_PAGE  # fields: account, url
    HUB_PUBLISH_NAME = "hub_publish_name", Action.CHOOSE_NAME  # fields: name
    HUB_PUBLISH_NOT_YOURS = "hub_publish_not_yours", Action.CHOOSE_NAME  # fields: name, account
    HUB_PUBLISH_FILE_TOO_LARGE = "hub_publish_file_too_large", Action.CHOOSE_OTHER  # fields: name, limit_bytes
    HUB_PUBLISH_REFUSED = "hub_publish_refused", Action.RETRY  # fields: name, detail
    # --- host: access key ----------------------------------------------------------------------------------------
    KEYRING_MISSING = "keyring_missing"  # no safe place on this computer; fields: detail
    KEYRING_LOCKED = "keyring_locked", Action.RETRY
    KEYRING_UNSAFE = "keyring_unsafe"  # a backend that keeps plain text; fields: backend
    KEYRING_FAILED = "keyring_failed", Action.RETRY  # fields: detail
    SECRET_INVALID = "secret_invalid"  # not the form of an access key
    # --- quantize ------------------------------------------------------------------------------------------------
    WEIGHTS_NOT_FINITE = "weights_not_finite", Action.CHOOSE_OTHER  # NaN or infinity; fields: tensor
    WEIGHTS_TOO_LARGE = "weights_too_large", Action.CHOOSE_SIZE  # beyond what the size can hold; fields: tensor, type
    IMPORTANCE_MISSING = "importance_missing", Action.CHOOSE_SIZE  # fields: size
    IMPORTANCE_MISMATCH = "importance_mismatch", Action.CHOOSE_SIZE  # made for another model; fields: tensor
    QUANTIZER_MISSING = "quantizer_missing"  # libggml does not load: a damaged installation; fields: detail
    # --- convert ---------------------------------------------------------------------------------------------------
    FAMILY_UNKNOWN = "family_unknown", Action.CHOOSE_OTHER  # fields: architecture
    CONFIG_KEY_MISSING = "config_key_missing", Action.CHOOSE_OTHER  # fields: name, key
    CONFIG_INVALID = "config_invalid", Action.CHOOSE_OTHER  # fields: name, detail
    TENSOR_UNKNOWN = "tensor_unknown", Action.CHOOSE_OTHER  # fields: name, architecture
    TENSOR_MISSING = "tensor_missing", Action.CHOOSE_OTHER  # fields: name
    TOKENIZER_MISSING = "tokenizer_missing", Action.FETCH_MISSING  # fields: name, base_model
    TOKENIZER_INVALID = "tokenizer_invalid", Action.CHOOSE_OTHER  # fields: name, detail
    # --- chat ----------------------------------------------------------------------------------------------------
    CHAT_STORE_NEWER = "chat_store_newer"  # written by a newer Modelyard; fields: name
    CHAT_STORE_DAMAGED = "chat_store_damaged"  # mended at the next start; fields: name
    CHAT_STORE_BUSY = "chat_store_busy", Action.RETRY  # fields: name
    CHAT_MISSING = "chat_missing"  # a conversation or message that was deleted; fields: kind, id
    CHAT_ATTACHMENT_TOO_LARGE = "chat_attachment_too_large", Action.CHOOSE_OTHER  # fields: name, size_bytes, most_bytes
    CHAT_IMPORT_INVALID = "chat_import_invalid", Action.CHOOSE_OTHER  # fields: name, detail
    CHAT_DOCUMENT_KIND = "chat_document_kind"  # neither text, PDF nor picture; fields: name
    CHAT_DOCUMENT_EMPTY = "chat_document_empty"  # no text in it, such as a scanned PDF; fields: name
    CHAT_DOCUMENT_LOCKED = "chat_document_locked"  # a PDF with a password; fields: name
    CHAT_PICTURE_TOO_LARGE = "chat_picture_too_large"  # fields: name, width, height in pixels
    CHAT_DOCUMENT_UNREADABLE = "chat_document_unreadable"  # fields: name, detail
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
    # --- engines: Ollama -----------------------------------------------------------------------------------------
    OLLAMA_MISSING = "ollama_missing", Action.GET_OLLAMA  # not installed; fields: url
    OLLAMA_STOPPED = "ollama_stopped", Action.START_OLLAMA  # installed or not, nothing answers here; fields: address
    OLLAMA_UNREACHABLE = "ollama_unreachable", Action.OPEN_SETTINGS  # elsewhere; fields: address, detail
    OLLAMA_ADDRESS_INVALID = "ollama_address_invalid", Action.OPEN_SETTINGS  # fields: address
    OLLAMA_NOT_OLLAMA = "ollama_not_ollama", Action.OPEN_SETTINGS  # something else answers; fields: address
    OLLAMA_START_FAILED = "ollama_start_failed", Action.RETRY  # fields: detail
    OLLAMA_TOO_OLD = "ollama_too_old", Action.GET_OLLAMA  # for the architecture; fields: needed, version, url
    OLLAMA_LOST = "ollama_lost", Action.RETRY  # the connection broke; fields: address
    OLLAMA_BUSY = "ollama_busy", Action.RETRY  # its queue is full
    OLLAMA_DISK_FULL = "ollama_disk_full", Action.FREE_SPACE  # said by a server; how much is not known
    OLLAMA_FILE_REFUSED = "ollama_file_refused", Action.USE_BUILTIN  # fields: name, detail
    OLLAMA_TEMPLATE_INVALID = "ollama_template_invalid"  # a Go template that does not parse; fields: detail
    OLLAMA_CANNOT_CLEAR = "ollama_cannot_clear"  # Ollama cannot empty it in this model; fields: name, field
    OLLAMA_PULL_FAILED = "ollama_pull_failed", Action.RETRY  # fields: name, detail
    OLLAMA_CLOUD_OFF = "ollama_cloud_off"  # a cloud model while the cloud is switched off; fields: name
    OLLAMA_SIGN_IN = "ollama_sign_in", Action.OPEN_PAGE  # fields: url
    # --- modelfile -----------------------------------------------------------------------------------------------
    MODELFILE_NO_FROM = "modelfile_no_from"
    MODELFILE_COMMAND = "modelfile_command"  # fields: word, line
    MODELFILE_ROLE = "modelfile_role"  # fields: word, line
    MODELFILE_UNFINISHED = "modelfile_unfinished"  # a quote never closed, a command cut off; fields: word, line
    MODELFILE_REQUIRES = "modelfile_requires"  # not a version; fields: value
    PARAMETER_UNKNOWN = "parameter_unknown"  # fields: name
    PARAMETER_VALUE = "parameter_value"  # fields: name, value, kind (int, float, bool, texts)
    PERSONA_MISSING = "persona_missing", Action.CHOOSE_OTHER  # fields: name
    PERSONA_NOT_READABLE = "persona_not_readable", Action.CHOOSE_OTHER  # fields: name, detail


class ModelyardError(Exception):
    """An error with a code of the list and plain fields; words/ turns it into sentences."""

    def __init__(self, code: Code, **fields: str | int | float | None) -> None:
        self.code = code
        self.fields = fields
        shown = ", ".join(f"{key}={value!r}" for key, value in fields.items())
        super().__init__(f"{code.value}({shown})")


class Cancelled(Exception):
    """The person stopped the work. Unwinds silently."""
