/* dialect_table: every dialect: one row here and one file dialects/<name>.c
 * with dialect_<name>. The first is the default. */
/* clang-format off */
DIALECT(cometapi)
DIALECT(new_api)
DIALECT(one_api)
DIALECT(openai)
/* clang-format on */
