# The manual of the C++ interface: scripts/docs.sh builds build/docs/html/cpp from the headers, after the manual of the C
# interface, to whose pages the names of C are links.
@INCLUDE               = Doxyfile
PROJECT_BRIEF          = "The C++ interface of a NATS client"
OUTPUT_DIRECTORY       = build/docs/html
HTML_OUTPUT            = cpp
INPUT                  = include/nats_rs.hpp include/nats_rs/cpp
FILE_PATTERNS          = *.hpp
FILTER_PATTERNS        =
GENERATE_TAGFILE       =
TAGFILES               = build/docs/nats_rs.tag=..

OPTIMIZE_OUTPUT_FOR_C  = NO
TYPEDEF_HIDES_STRUCT   = NO
INLINE_SIMPLE_STRUCTS  = NO
EXTENSION_MAPPING      = hpp=C++
EXCLUDE_SYMBOLS        = nats::detail nats::detail::*
# A comment of several lines is one paragraph, as its first sentence alone would rarely be enough.
MULTILINE_CPP_IS_BRIEF = YES
# nats::jetstream has the functions of nats::js_manager.
INLINE_INHERITED_MEMB  = YES
HIDE_UNDOC_RELATIONS   = YES
# The meaning of the parameters is in the sentence about a function.
WARN_NO_PARAMDOC       = NO
WARN_LOGFILE           = build/docs/warnings-cpp.txt
