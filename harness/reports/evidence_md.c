#include "harness/evidence/report_table.h"

static void print(struct buf *out, const struct run *run,
                  const struct report_style *style)
{
    struct json *page = evidence_page(run);

    (void)style;
    evidence_page_write(out, page);
    json_free(page);
}

const struct report report_evidence_md = {
    .name = "evidence-md",
    .file = "evidence.md",
    .always = true,
    .text = "the one-page record for the rollout ticket, as Markdown",
    .print = print,
};
