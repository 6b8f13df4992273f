#include <stdlib.h>

#include "harness/evidence/report_table.h"

static void print(struct buf *out, const struct run *run,
                  const struct report_style *style)
{
    struct json *page = evidence_page(run);
    char *text = json_print_pretty(page);

    (void)style;
    buf_printf(out, "%s\n", text);
    free(text);
    json_free(page);
}

const struct report report_evidence_json = {
    .name = "evidence-json",
    .file = "evidence.json",
    .always = true,
    .text = "the one-page record for the rollout ticket, as JSON",
    .print = print,
};
