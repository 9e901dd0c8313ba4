#!/usr/bin/env python3
"""Generates, from the header, a C function for each exported function that calls it with arguments made at random.

usage: generate.py HEADER OUTPUT.c

What kind of argument a parameter wants follows from its type and name; calls.h says how each kind is made. A function
with a type that is not known here ends the generation with an error: nothing is left out silently. LEFT_OUT names what
is never called, with the reason.
"""
import re
import sys

sys.dont_write_bytecode = True
import sensible  # noqa: E402

# Pointers to slots: memory that keeps its type for ever. Any of them may be passed at any time, also after its end.
SLOTS = ["natsConnection", "natsSubscription", "natsOptions", "jsCtx", "jsAtomicBatchCtx", "jsFastBatchCtx", "kvStore",
         "kvWatcher", "microService", "microGroup", "microClient", "objStore", "objStorePut", "objStoreGet",
         "objStoreWatcher"]
LEFT_OUT = {
    "nats_Open": "begins and ends with the program", "nats_OpenWithConfig": "begins and ends with the program",
    "nats_Close": "begins and ends with the program", "nats_CloseAndWait": "begins and ends with the program",
    "nats_Sleep": "only waits", "microService_Run": "waits for the end of the service",
    "micro_Errorf": "variable arguments: micro_ErrorFromText does the same",
    "micro_ErrorfCode": "variable arguments", "microError_Wrapf": "variable arguments: microError_WrapText does the same",
    "natsInbox_Destroy": "ends each inbox after its creation",
    "jsStreamSource_GetExtra": "only for structures inside those the library made",
    "jsStreamSourceInfo_GetError": "only for structures inside those the library made",
    "jsPeerInfo_GetRaftState": "only for structures inside those the library made",
    "natsConnection_ProcessCloseEvent": "closes any descriptor it is given",
}
# What these take away from the caller.
CONSUMED = {("microError_WrapText", "err"), ("microRequest_RespondError", "err"), ("microRequest_RespondCustom", "err")}
# Strings that these return may be read: no other thread can end what they belong to.
READABLE = re.compile(r"natsMsg_Get(Subject|Reply)|kv(Entry|Status)_|natsStatus_|nats(Msg)?Header_Get$|nats_(rs_)?Get")
# Arrays of strings that are given, not received.
GIVEN_LISTS = {"servers", "subjects", "filters", "keys"}
# Where 0 or less, or NULL, means to wait for ever.
POSITIVE = {("natsSubscription_WaitForDrainCompletion", "timeout"), ("microClient_DoRequest", "timeout"),
            # Two callbacks that each wait for the other's end would wait for ever.
            ("natsConnection_DestroyAndWait", "timeout")}
NOT_NULL = {("js_PublishAsyncComplete", "opts")}
# Results that say whether a call succeeded.
OUTCOMES = {"natsStatus", "microError*"}
NUMBERS = {"int", "int64_t", "uint64_t", "uint32_t", "size_t", "int32_t", "uint8_t"}


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)


def split(declaration):
    """Type and name; structure and enum without their keyword."""
    m = re.match(r"(.*?)(\w+)(\[\w+\])?$", " ".join(declaration.split()))
    kind = re.sub(r"\b(struct|enum) ", "", m.group(1)).strip()
    return re.sub(r" ?\*", "*", kind), m.group(2), m.group(3)


def text_category(name):
    name = name.lower()
    for pattern, category in (("url|server|proxy", "URL"), ("file|path|pem|cert", "FILE"), ("stream", "STREAM"),
                              ("consumer|durable", "CONSUMER"), ("bucket", "BUCKET"), ("subj|reply|dest", "SUBJECT"),
                              ("key|filter", "KEY")):
        if re.search(pattern, name):
            return "TEXT_" + category
    return "TEXT_ANY"


class Header:
    def __init__(self, text):
        text = without_comments(text)
        self.structures = {m.group(2): [split(f) for f in m.group(1).split(";") if f.strip()]
                           for m in re.finditer(r"typedef struct \w+ \{(.*?)\n\} (\w+);", text, flags=re.S)}
        self.enums = set(re.findall(r"typedef enum (\w+)", text))
        self.callbacks = set(re.findall(r"typedef [^;{}(]*\(\*(\w+)\)", text))
        self.functions = []
        for m in re.finditer(r"^NATS_EXTERN\s+([^;()]*?)(\w+)\(([^;]*?)\)\s*;", text, flags=re.M):
            kind, _, _ = split(m.group(1) + " x")
            params = [] if m.group(3).strip() in ("void", "") else [split(p) for p in m.group(3).split(",") if "..." not in p]
            self.functions.append((m.group(2), kind, [(k, n) for k, n, _ in params]))
        names = {name for name, _, _ in self.functions}
        made = {kind[:-2].removeprefix("const ") for _, _, params in self.functions for kind, _ in params if kind.endswith("**")}
        made.add("microError")
        # What the library allocates and one Destroy releases: one thread at a time may use it.
        self.owned = sorted(t for t in made if f"{t}_Destroy" in names and t not in SLOTS and t != "natsInbox")
        self.names = names


def sensible_value(function, name):
    """What a sensible call passes for this parameter, or None if the value that its type suggests will do."""
    for functions, names, value in sensible.ARGUMENTS:
        if re.fullmatch(functions, function) and re.fullmatch(names, name):
            return value
    return None


def either(function, name, otherwise):
    """An argument that depends on whether the call is sensible."""
    value = sensible_value(function, name)
    return f"is_sensible() ? {value} : {otherwise}" if value else otherwise


def number(name, kind, function=""):
    if (function, name) in POSITIVE or name == "Wait":
        return "(int64_t)(1 + pick(20))"
    if function == "nats_SetMessageDeliveryPoolSize":
        return "(int)pick(4)"
    if function == "natsOptions_SetMessageBufferPadding":
        return "(int)pick(100) - 1"  # each message gets so much memory
    if re.search(r"maxreconnect", name, re.I):
        return "(int)pick(3)"
    if re.search(r"timeout|wait|expires|heartbeat|deadline|interval|delay|jitter|ping", name, re.I):
        return "a_time()"
    return "a_number()" if kind in ("int64_t", "uint64_t") else "a_small_number()"


def fill(header, name, out):
    """The function that fills a structure at random, with what it points at."""
    out.append(f"static void fill_{name}(frame *f, {name} *s, int depth)\n{{\n    (void)f;\n    (void)s;\n    (void)depth;")
    fields = header.structures[name]
    lengths = {n for i, (_, n, _) in enumerate(fields) if i and re.search(r"(Len|Count)$", n) and fields[i - 1][0].endswith("*")}
    for i, (kind, field, array) in enumerate(fields):
        following = fields[i + 1][1] if i + 1 < len(fields) and fields[i + 1][1] in lengths else None
        base = kind.rstrip("*").removeprefix("const ")
        stars = kind.count("*")
        line = None
        if array or field in lengths:
            continue
        if following:
            # The elements, as many as the length says; less than none at times.
            twice = " * 2" if name == "natsMetadata" else ""
            line = f"int n = (int)pick(4);\n        s->{following} = odd(20) ? -1 : n;\n        "
            if kind == "const char**":
                line += f"s->{field} = some_texts(f, {text_category(field)}, n{twice});"
            elif kind == "const void*":
                line += f"s->{field} = some_bytes(f, n);"
            elif kind == "int64_t*":
                line += f"s->{field} = memory(f, (size_t)n * sizeof(int64_t));\n        while (n-- > 0)\n            s->{field}[n] = a_number();"
            elif base in header.structures and stars == 1:
                line += (f"{base} *a = memory(f, (size_t)n * sizeof({base}));\n        s->{field} = a;\n        "
                         f"for (; n > 0 && depth < 3; n--)\n            fill_{base}(f, &a[n - 1], depth + 1);")
            elif base in header.structures and stars == 2:
                line += (f"s->{field} = memory(f, (size_t)n * sizeof({base} *));\n        for (; n > 0 && depth < 3; n--) {{\n"
                         f"            s->{field}[n - 1] = one_in(10) ? NULL : memory(f, sizeof({base}));\n"
                         f"            if (s->{field}[n - 1] != NULL)\n                fill_{base}(f, s->{field}[n - 1], depth + 1);\n        }}")
            else:
                line = None
        elif kind == "const char*":
            line = f"s->{field} = a_text(f, {text_category(field)});"
        elif kind in NUMBERS:
            line = f"s->{field} = ({kind}){number(field, kind)};"
        elif kind == "bool":
            line = f"s->{field} = one_in(2);"
        elif kind in header.enums:
            line = f"s->{field} = ({kind})an_enum();"
        elif kind in header.callbacks:
            line = f"s->{field} = on_{kind};"
        elif kind == "natsHeader*":
            line = f"s->{field} = borrow(f, KIND_natsHeader);"
        elif base in header.structures and stars == 0:
            line = f"fill_{base}(f, &s->{field}, depth);"
        elif base in header.structures and stars == 1:
            line = f"s->{field} = depth < 3 ? memory(f, sizeof({base})) : NULL;\n        if (depth < 3)\n            fill_{base}(f, s->{field}, depth + 1);"
        if line:
            out.append(f"    if (some_field()) {{\n        {line}\n    }}")
    if name in sensible.FIELDS:
        out.append("    if (is_sensible()) {")
        out += [f"        {line};" for line in sensible.FIELDS[name]]
        out.append("    }")
    out.append("}\n")


def call(header, function, returns, params, out):
    """The function that calls one exported function."""
    before, after, args = [], [], []
    skip = 0
    for i, (kind, name) in enumerate(params):
        base = kind.rstrip("*").removeprefix("const ").removesuffix("*const")
        stars = kind.count("*")
        following, following_name = params[i + 1] if i + 1 < len(params) else ("", "")
        if skip:
            skip -= 1
            continue
        v = f"v{i}"
        if base in SLOTS and stars == 1:
            args.append(either(function, name, f"a_handle(KIND_{base})"))
        elif base in SLOTS and stars == 2:
            before.append(f"{base} *{v} = NULL;")
            if function == "natsOptions_Create":
                # A connect that retries within the call takes 60 times as long: 2 minutes by default.
                after.append(f"(void)natsOptions_SetReconnectWait({v}, 5);")
            after.append(f"keep(KIND_{base}, {v});")
            if base == "natsSubscription" and (prefer := "PULL" if "PullSubscribe" in function and "Async" not in function else
                                               "SYNC" if "Sync" in function else None):
                after.append(f"if ({v} != NULL)\n        prefer(PREFER_{prefer}, {v});")
            args.append(f"odd(30) ? NULL : &{v}")
        elif base in header.owned and stars == 1 and function != f"{base}_Init":
            ends = function == f"{base}_Destroy" or (function, name) in CONSUMED
            own = "one_in(4) ? KIND_storedMsg : KIND_natsMsg" if ends and base == "natsMsg" else f"KIND_{base}"
            args.append(either(function, name, f"{'take' if ends else 'borrow'}({'' if ends else 'f, '}{own})"))
        elif kind == "const objStoreInfo**":
            before.append(f"const objStoreInfo *{v} = NULL;")
            args.append(f"&{v}")
        elif base in header.owned and stars == 2:
            given = function == "js_PublishMsgAsync"
            before.append(f"{base} *{v} = {'take(KIND_' + base + ')' if given else 'NULL'};")
            after.append(f"give(KIND_{base}, {v});")
            args.append(f"&{v}" if given else f"odd(30) ? NULL : &{v}")
        elif base == "natsInbox":
            before.append(f"natsInbox *{v} = NULL;")
            after.append(f"natsInbox_Destroy({v});")
            args.append(f"&{v}")
        elif base == "microClientConfig":
            args.append("NULL")
        elif base == "microRequest":
            args.append("the_request()")
        elif kind in ("const void*", "const unsigned char*") or (
                kind == "const char*" and following in ("int", "size_t") and re.search("len", following_name, re.I)):
            before.append(f"int {v}n = a_length();\n    const void *{v} = some_bytes(f, {v}n);")
            length = f"({following}){v}n" if following == "size_t" else f"odd(50) ? -1 : {v}n"
            args += [f"odd(50) && {v}n == 0 ? NULL : {v}", length]
            skip = 1
        elif kind == "const char**" and name in GIVEN_LISTS:
            before.append(f"int {v}n = is_sensible() ? 1 + (int)pick(2) : (int)pick(5);")
            texts = f"odd(30) ? NULL : some_texts(f, {text_category(name)}, {v}n)"
            if name in sensible.LISTS:
                texts = f'is_sensible() ? some_choices(f, "{sensible.LISTS[name]}", {v}n) : {texts}'
            args += [texts, f"odd(30) ? -1 : {v}n"]
            skip = 1
        elif kind == "const kvChange*":
            before.append(f"int {v}n = (int)pick(4), {v}i;\n    kvChange *{v} = memory(f, (size_t){v}n * sizeof(kvChange));")
            before.append(f"for ({v}i = 0; {v}i < {v}n; {v}i++)\n        fill_kvChange(f, &{v}[{v}i], 0);")
            args += [v, f"odd(30) ? -1 : {v}n"]
            skip = 1
        elif base in header.structures and stars == 1 and following == "size_t":
            # Outputs whose size the program tells.
            before.append(f"size_t {v}n = one_in(3) ? pick(sizeof({base})) : sizeof({base}) + pick(64);")
            args += [f"memory(f, {v}n)", f"{v}n"]
            skip = 1
        elif base in header.structures and base not in header.owned and stars == 1 and f"{base}_Destroy" in header.names:
            before.append(f"{base} {v} = {{0}};")
            if function != f"{base}_Destroy":
                after.append(f"give_messages(&{v});" if base == "natsMsgList" else f"{base}_Destroy(&{v});")
            args.append(f"odd(30) ? NULL : &{v}")
        elif base in header.structures and stars == 1:
            init = f"\n    (void){base}_Init({v});" if f"{base}_Init" in header.names else ""
            before.append(f"{base} *{v} = memory(f, sizeof({base}));{init}\n    fill_{base}(f, {v}, 0);")
            if base == "jsOptions":
                before.append(f"if ({v}->Wait <= 0)\n        {v}->Wait = 20;")
            if function == "js_PublishAsyncComplete":
                before.append(f"if ({v}->MaxWait == 0)\n        {v}->MaxWait = 20;")
            args.append(v if (function, name) in NOT_NULL else f"one_in(4) ? NULL : {v}")
        elif kind == "const char*":
            args.append(either(function, name, f"a_text(f, {text_category(name)})"))
        elif kind in NUMBERS:
            args.append(either(function, name, f"({kind}){number(name, kind, function)}"))
        elif kind == "bool":
            args.append("one_in(2)")
        elif kind in header.enums or kind in ("natsLogLevel", "jsAdvisoryKind"):
            args.append(f"({kind})an_enum()")
        elif kind in header.callbacks:
            args.append(f"odd(8) ? NULL : on_{kind}")
        elif kind == "void*":
            args.append("odd(4) ? NULL : &anything")
        elif kind == "FILE*":
            args.append("sink")
        elif kind == "char*":
            before.append(f"size_t {v}n = pick(300);")
            args += [f"odd(30) ? NULL : memory(f, {v}n)", f"{v}n"]
            skip = 1
        elif kind == "unsigned char*":
            args.append("memory(f, 64)")
        elif kind in ("char**", "void**", "unsigned char**"):
            before.append(f"{base} *{v} = NULL;")
            after.append(f"free({v});")
            args.append(f"odd(30) ? NULL : (void *)&{v}")
        elif kind == "const char***":
            before.append(f"const char **{v} = NULL;")
            after.append(f"free((void *){v});")
            args.append(f"&{v}")
        elif kind == "char***":
            before.append(f"char **{v} = NULL;\n    int {v}n = 0;")
            after.append(f"while ({v} != NULL && {v}n > 0)\n        free({v}[--{v}n]);\n    free((void *){v});")
            args += [f"&{v}", f"&{v}n"]
            skip = 1
        elif kind == "const char**":
            before.append(f"const char *{v} = NULL;")
            if READABLE.match(function):
                after.append(f"read_text({v});")
            args.append(f"&{v}")
        elif stars == 1 and (base in NUMBERS or base in header.enums or base in ("bool", "natsSock")):
            before.append(f"{base} *{v} = memory(f, sizeof({base}));")
            if function.startswith("kvStore_") and name == "rev":
                after.append(f"if (f->succeeded)\n        saw_revision(*{v});")
            args.append(f"odd(10) ? NULL : {v}")
        else:
            sys.exit(f"{function}: nothing is known of {kind} {name}")
    text = f"{function}({', '.join(args)})"
    if returns == "natsStatus":
        text = f"f->succeeded = {text} == NATS_OK"
    elif returns == "microError*":
        before.append("microError *e;")
        made = "!=" if function in ("micro_ErrorFromText", "microError_WrapText", "micro_ErrorFromStatus") else "=="
        text = f"e = {text};\n    f->succeeded = e {made} NULL;\n    give(KIND_microError, e)"
    elif returns == "const char*" and READABLE.match(function):
        text = f"read_text({text})"
    elif returns != "void":
        text = f"(void){text}"
    out.append(f"static void call_{function}(frame *f)\n{{\n    (void)f;")
    out += [f"    {line}" for line in before] + [f"    {text};"] + [f"    {line}" for line in after] + ["}\n"]


def main():
    header = Header(open(sys.argv[1]).read())
    out = ["/* Generated by tests/calls/generate.py: do not edit. */", '#include "calls.h"\n']
    kinds = SLOTS + header.owned + ["storedMsg"]
    enums = ["enum {", *[f"    KIND_{k}," for k in kinds], f"    SLOT_KINDS = {len(SLOTS)},", f"    KINDS = {len(kinds)}", "};\n"]
    out += [f"static void fill_{name}(frame *f, {name} *s, int depth) __attribute__((unused));" for name in header.structures]
    for name in header.structures:
        fill(header, name, out)
    called = [f for f in header.functions if f[0] not in LEFT_OUT]
    for name in LEFT_OUT:
        if name not in header.names:
            sys.exit(f"{name} is left out, but there is no such function")
    for functions, names, _ in sensible.ARGUMENTS:
        if not any(re.fullmatch(functions, f) and any(re.fullmatch(names, n) for _, n in params) for f, _, params in called):
            sys.exit(f"sensible.ARGUMENTS: no function {functions} has a parameter {names}")
    for function, returns, params in called:
        call(header, function, returns, params, out)
    out.append("const one_call calls[] = {")
    out += [f'    {{"{name}", call_{name}, {"true" if returns in OUTCOMES else "false"}, '
            f'{"true" if re.fullmatch(sensible.ENDS, name) else "false"}}},' for name, returns, _ in called]
    out.append("};\nconst int call_count = (int)(sizeof(calls) / sizeof(calls[0]));\n")
    out.append("void end_object(int kind, void *object)\n{\n    switch (kind) {")
    for kind in kinds:
        destroy = "natsMsg_Destroy" if kind == "storedMsg" else f"{kind}_Destroy"
        if destroy not in header.names:
            continue
        text = f"{destroy}(object)"
        if kind == "microService":
            # While its connection drains, the first call stops it and the second one releases it.
            text = f"microError_Destroy({text});\n        microError_Destroy({text})"
        out.append(f"    case KIND_{kind}:\n        {text};\n        break;")
    out.append("    default:\n        break;\n    }\n}")
    with open(sys.argv[2], "w") as f:
        f.write("\n".join(out) + "\n")
    with open(re.sub(r"\.c$", "_kinds.h", sys.argv[2]), "w") as f:
        f.write("/* Generated by tests/calls/generate.py: do not edit. */\n" + "\n".join(enums))
    print(f"{len(called)} functions, {len(LEFT_OUT)} left out, {len(kinds)} kinds of objects, {len(header.structures)} structures")


main()
