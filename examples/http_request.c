/* SPDX-License-Identifier: ISC
 *
 * Parses bytes into a request, according to RFC 9110 and RFC 9112. Ambiguous requests are refused,
 * because a request that two programs read in two ways can be smuggled past one of them.
 */
#include "http.h"

#include <string.h>
#include <strings.h>

/* A piece of the request. */
struct text {
    const char *at;
    size_t length;
};

struct headers {
    unsigned hosts, lengths, encodings;
    bool body, close, keep_alive;
};

static bool is(struct text text, const char *word)
{
    return text.length == strlen(word) && strncasecmp(text.at, word, text.length) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_token_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct text text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!is_token_char(text.at[i]))
            return false;
    return text.length > 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct text trim(struct text text)
{
    for (; text.length > 0 && is_blank(text.at[0]); text.at++)
        text.length--;
    while (text.length > 0 && is_blank(text.at[text.length - 1]))
        text.length--;
    return text;
}

/* Cut off and return the text up to `end`, or all of it if `end` is missing. `end` is removed from
 * the rest as well. */
static struct text cut(struct text *rest, char end)
{
    const char *at = memchr(rest->at, end, rest->length);
    struct text first = *rest;
    if (at != NULL)
        first.length = (size_t)(at - rest->at);
    size_t off = first.length + (at != NULL);
    rest->at += off;
    rest->length -= off;
    return first;
}

static struct text cut_line(struct text *rest)
{
    struct text line = cut(rest, '\n');
    if (line.length > 0 && line.at[line.length - 1] == '\r')
        line.length--;
    return line;
}

/* ---- The path ---- */

static int hex(char c)
{
    if (is_digit(c))
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode(char *path, struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        int c = (unsigned char)text.at[i];
        if (c == '%') {
            int high = i + 2 < text.length ? hex(text.at[i + 1]) : -1;
            int low = i + 2 < text.length ? hex(text.at[i + 2]) : -1;
            c = high >= 0 && low >= 0 ? high * 16 + low : 0;
            i += 2;
        }
        if (c == 0)
            return false;
        *path++ = (char)c;
    }
    *path = '\0';
    return true;
}

/* The target is "/path?query" or "http://host/path?query". */
static bool parse_target(struct request *request, struct text target)
{
    static const char scheme[] = "http://";
    const size_t scheme_length = sizeof scheme - 1;
    for (size_t i = 0; i < target.length; i++)
        if ((unsigned char)target.at[i] <= ' ' || target.at[i] == 0x7f)
            return false;
    if (target.length > scheme_length && strncasecmp(target.at, scheme, scheme_length) == 0) {
        target.at += scheme_length;
        target.length -= scheme_length;
        const char *slash = memchr(target.at, '/', target.length);
        if (slash == NULL)
            return decode(request->path, (struct text){"/", 1});
        target.length -= (size_t)(slash - target.at);
        target.at = slash;
    }
    target = cut(&target, '?');
    return target.length > 0 && target.at[0] == '/' && decode(request->path, target);
}

/* ---- Lines ---- */

/* Returns 0 or a negated status. */
static int parse_first_line(struct request *request, struct text line, bool *old)
{
    struct text method = cut(&line, ' ');
    struct text target = cut(&line, ' ');
    if (!is_token(method) || line.length != 8 || memcmp(line.at, "HTTP/", 5) != 0 ||
        !is_digit(line.at[5]) || line.at[6] != '.' || !is_digit(line.at[7]))
        return -400;
    if (line.at[5] != '1')
        return -505;
    *old = line.at[7] == '0';
    request->head = method.length == 4 && memcmp(method.at, "HEAD", 4) == 0;
    if (!request->head && (method.length != 3 || memcmp(method.at, "GET", 3) != 0))
        return -405;
    return parse_target(request, target) ? 0 : -400;
}

static void parse_connection(struct headers *headers, struct text value)
{
    while (value.length > 0) {
        struct text option = trim(cut(&value, ','));
        headers->close = headers->close || is(option, "close");
        headers->keep_alive = headers->keep_alive || is(option, "keep-alive");
    }
}

static bool parse_length(struct headers *headers, struct text value)
{
    for (size_t i = 0; i < value.length; i++) {
        if (!is_digit(value.at[i]))
            return false;
        headers->body = headers->body || value.at[i] != '0';
    }
    return value.length > 0;
}

static bool parse_header(struct headers *headers, struct text line)
{
    for (size_t i = 0; i < line.length; i++)
        if (((unsigned char)line.at[i] < ' ' && line.at[i] != '\t') || line.at[i] == 0x7f)
            return false;
    bool has_colon = memchr(line.at, ':', line.length) != NULL;
    struct text name = cut(&line, ':');
    struct text value = trim(line);
    if (!has_colon || !is_token(name))
        return false;
    if (is(name, "Host"))
        headers->hosts++;
    else if (is(name, "Connection"))
        parse_connection(headers, value);
    else if (is(name, "Transfer-Encoding"))
        headers->encodings++;
    else if (is(name, "Content-Length") &&
             (headers->lengths++ > 0 || !parse_length(headers, value)))
        return false;
    return true;
}

/* ---- The request ---- */

/* Return the length up to and including the empty line that ends the head, or 0. */
static size_t find_end(const char *bytes, size_t length)
{
    const char *end = bytes + length;
    const char *newline = bytes;
    while ((newline = memchr(newline, '\n', (size_t)(end - newline))) != NULL) {
        newline++;
        if (newline < end && *newline == '\n')
            return (size_t)(newline - bytes) + 1;
        if (newline + 1 < end && newline[0] == '\r' && newline[1] == '\n')
            return (size_t)(newline - bytes) + 2;
    }
    return 0;
}

/* Empty lines before a request are skipped, because old clients send them after a request. */
static size_t blank_lines(const char *bytes, size_t length)
{
    size_t skip = 0;
    while (skip < length && (bytes[skip] == '\r' || bytes[skip] == '\n'))
        skip++;
    return skip;
}

int request_parse(struct request *request, const char *bytes, size_t length)
{
    request->head = request->keep_alive = false;
    request->path[0] = '\0';
    size_t skip = blank_lines(bytes, length);
    size_t size = find_end(bytes + skip, length - skip);
    if (size == 0 && length < REQUEST_SIZE)
        return 0;
    if (size == 0)
        return memchr(bytes + skip, '\n', length - skip) != NULL ? -431 : -414;

    struct text rest = {bytes + skip, size};
    struct headers headers = {0};
    bool old = false;
    int rc = parse_first_line(request, cut_line(&rest), &old);
    if (rc < 0)
        return rc;
    for (;;) {
        struct text line = cut_line(&rest);
        if (line.length == 0)
            break;
        if (!parse_header(&headers, line))
            return -400;
    }
    if (headers.hosts > 1 || (headers.hosts == 0 && !old) ||
        (headers.encodings > 0 && headers.lengths > 0))
        return -400;
    /* A body is not read, and the connection ends, because the bytes of a body could be taken for a
     * request. */
    bool body = headers.body || headers.encodings > 0;
    request->keep_alive = !body && !headers.close && (!old || headers.keep_alive);
    return (int)(skip + size);
}
