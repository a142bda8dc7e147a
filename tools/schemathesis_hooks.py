"""What a schema cannot say of requests to /v1, done to those that are to be accepted: they
name the model that there is, and their last message is the user's. Answers are kept short.
"""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    if not case.path.startswith("/v1/") or not isinstance(case.body, dict) or not case.meta.generation.mode.is_positive:
        return
    case.body["model"] = "clara"
    case.body["max_tokens"] = 4
    case.body.pop("max_completion_tokens", None)
    if "messages" in case.body:
        case.body["messages"].append({"role": "user", "content": "Hello?"})
