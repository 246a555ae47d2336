/* SPDX-License-Identifier: ISC
 *
 * The head of a response, and the body if there is no file.
 */
#include "http.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 301:
        return "Moved Permanently";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 414:
        return "URI Too Long";
    case 431:
        return "Request Header Fields Too Large";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Internal Server Error";
    }
}

/* Format a date like "Sun, 06 Nov 1994 08:49:37 GMT". The program sets no locale, so the names are
 * English. */
static const char *date(time_t time, char text[30])
{
    struct tm parts;
    gmtime_r(&time, &parts);
    strftime(text, 30, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return text;
}

/* The current date is formatted once a second. */
static const char *date_of_now(void)
{
    static time_t made_at = -1;
    static char text[30];
    time_t now = time(NULL);
    if (now != made_at)
        date(made_at = now, text);
    return text;
}

/* Write the path with a slash after it, for a header. It begins with a single slash, because after
 * two slashes the rest would name another host. */
static size_t put_location(char *out, const char *path)
{
    static const char digits[] = "0123456789ABCDEF";
    char *at = out;
    *at++ = '/';
    for (path += strspn(path, "/"); *path != '\0'; path++) {
        unsigned char c = (unsigned char)*path;
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     strchr("/-._~", c) != NULL;
        *at++ = plain ? (char)c : '%';
        if (!plain) {
            *at++ = digits[c >> 4];
            *at++ = digits[c & 15];
        }
    }
    memcpy(at, "/\r\n", 3);
    return (size_t)(at + 3 - out);
}

static size_t put(char *out, size_t length, const char *text)
{
    memcpy(out + length, text, strlen(text));
    return length + strlen(text);
}

static size_t put_first_lines(char *out, int status, bool keep_alive)
{
    int n = snprintf(out, RESPONSE_HEAD_SIZE, "HTTP/1.1 %d %s\r\nDate: %s\r\n%s", status,
                     reason(status), date_of_now(),
                     keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
    return (size_t)n;
}

static size_t put_content(char *out, const char *type, uint64_t size)
{
    return (size_t)sprintf(out, "Content-Type: %s\r\nContent-Length: %" PRIu64 "\r\n", type, size);
}

size_t response_write(char *out, int status, const struct request *request, const struct file *file)
{
    size_t length = put_first_lines(out, status, request->keep_alive);
    if (status == 200) {
        char changed[30];
        length += put_content(out + length, file->type, file->size);
        length += (size_t)sprintf(out + length, "Last-Modified: %s\r\n\r\n",
                                  date(file->changed, changed));
        return length;
    }
    char body[64];
    int body_length = snprintf(body, sizeof body, "%d %s\n", status, reason(status));
    length += put_content(out + length, "text/plain", (uint64_t)body_length);
    if (status == 405)
        length = put(out, length, "Allow: GET, HEAD\r\n");
    if (status == 301) {
        length = put(out, length, "Location: ");
        length += put_location(out + length, request->path);
    }
    length = put(out, length, "\r\n");
    return request->head ? length : put(out, length, body);
}
