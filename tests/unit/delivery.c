#include <criterion/criterion.h>
#include <string.h>

#include "mockserver/delivery.h"

struct judged {
    const char *what;
    struct delivery delivery;
    const char *deviation; /* a part of it; NULL: faithful */
};

static const struct judged table[] = {
    { "a whole answer, kept",
      { .planned_bytes = 9, .sent_bytes = 9, .end = ATTEMPT_END_KEEP },
      NULL },
    { "a whole answer to a request that asked for a close",
      { .end = ATTEMPT_END_FIN, .wants_close = true },
      NULL },
    { "a close nobody asked for",
      { .end = ATTEMPT_END_FIN },
      "ended with fin, planned was the end of the answer" },
    { "an answer cut short by the kernel",
      { .planned_bytes = 900, .sent_bytes = 412, .end = ATTEMPT_END_KEEP },
      "412 of 900 bytes taken" },
    { "an answer still going out",
      { .planned_bytes = 900, .sent_bytes = 412, .end = ATTEMPT_END_OPEN },
      NULL },
    { "the peer left in the middle of an answer",
      { .planned_bytes = 900,
        .sent_bytes = 412,
        .end = ATTEMPT_END_PEER_RST,
        .peer_closed_first = true },
      "peer closed before the end of the answer (412 of 900 bytes taken)" },
    { "the peer did not wait out a delay",
      { .planned_bytes = 900,
        .end = ATTEMPT_END_PEER_FIN,
        .peer_closed_first = true,
        .in_silence = true },
      NULL },
    { "a hang until the peer left",
      { .planned_end = STEP_END_HANG,
        .end = ATTEMPT_END_PEER_FIN,
        .peer_closed_first = true,
        .in_silence = true },
      NULL },
    { "a hang until the peer reset",
      { .planned_end = STEP_END_HANG,
        .end = ATTEMPT_END_PEER_RST,
        .peer_closed_first = true,
        .in_silence = true },
      NULL },
    { "a hang that is still held",
      { .planned_end = STEP_END_HANG, .end = ATTEMPT_END_OPEN },
      NULL },
    { "a hang that we ended",
      { .planned_end = STEP_END_HANG, .end = ATTEMPT_END_FIN },
      "planned was the silence" },
    { "a hang in the body that was never reached",
      { .planned_bytes = 90,
        .sent_bytes = 50,
        .planned_end = STEP_END_HANG,
        .end = ATTEMPT_END_PEER_FIN,
        .peer_closed_first = true },
      "50 of 90 bytes taken" },
    { "a reset",
      { .planned_end = STEP_END_RST, .end = ATTEMPT_END_RST },
      NULL },
    { "a reset of a peer that had closed",
      { .planned_end = STEP_END_RST,
        .end = ATTEMPT_END_RST,
        .peer_closed_first = true },
      "peer closed before the reset" },
    { "a reset that the peer forestalled, in a silence before it",
      { .planned_end = STEP_END_RST,
        .end = ATTEMPT_END_PEER_FIN,
        .peer_closed_first = true,
        .in_silence = true },
      "peer closed before the reset" },
    { "a close",
      { .planned_end = STEP_END_FIN, .end = ATTEMPT_END_FIN },
      NULL },
    { "a close that the peer forestalled",
      { .planned_end = STEP_END_FIN,
        .end = ATTEMPT_END_PEER_RST,
        .peer_closed_first = true },
      "peer closed before the close" },
    { "a reset instead of a close",
      { .planned_end = STEP_END_FIN, .end = ATTEMPT_END_RST },
      "ended with rst, planned was the close" },
    { "what could not be done",
      { .end = ATTEMPT_END_KEEP, .upset = "acted too late" },
      "acted too late" },
};

Test(delivery, planned_is_compared_with_what_the_wire_did)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char deviation[128];
        bool faithful =
            delivery_judge(&table[i].delivery, deviation, sizeof deviation);

        cr_expect(faithful == !table[i].deviation, "%s: %s", table[i].what,
                  deviation);
        cr_expect(
            strstr(deviation, table[i].deviation ? table[i].deviation : "") &&
                (table[i].deviation || !deviation[0]),
            "%s: %s", table[i].what, deviation);
    }
}

Test(delivery, a_planned_hang_is_written_as_open)
{
    cr_assert(delivery_planned_end(STEP_END_HANG) == ATTEMPT_END_OPEN);
    cr_assert(delivery_planned_end(STEP_END_KEEP) == ATTEMPT_END_KEEP);
    cr_assert(delivery_planned_end(STEP_END_FIN) == ATTEMPT_END_FIN);
    cr_assert(delivery_planned_end(STEP_END_RST) == ATTEMPT_END_RST);
}
