#include "mockserver/fault.h"

static const char ssh_banner[] = "SSH-2.0-OpenSSH_9.2p1\r\n";
/* A TLS alert record, then bytes that are no text in any encoding. */
static const char binary[] = "\x15\x03\x01\x00\x02\x02\x0a\x00\xff\xfe\x80\x00"
                             "\xc0\xc1\xf5\xff\x00\x01\x02\x03";
static const char bad_status_line[] = "HTTP/1.1 abc\r\n"
                                      "Content-Type: application/json\r\n"
                                      "Content-Length: 2\r\n\r\n{}";

static const struct {
    const char *bytes;
    size_t length;
} kinds[] = {
    [STEP_GARBAGE_SSH_BANNER] = { ssh_banner, sizeof ssh_banner - 1 },
    [STEP_GARBAGE_BINARY] = { binary, sizeof binary - 1 },
    [STEP_GARBAGE_BAD_STATUS_LINE] = { bad_status_line,
                                       sizeof bad_status_line - 1 },
};

void fault_garbage_draft(struct draft *draft, const struct step *step,
                         const struct fault_request *request)
{
    size_t kind = step->bytes_kind >= 0 ? (size_t)step->bytes_kind
                                        : STEP_GARBAGE_SSH_BANNER;

    (void)request;
    buf_add(&draft->garbage, kinds[kind].bytes, kinds[kind].length);
    draft->end = STEP_END_FIN;
}
