#include "common/bind.h"

#include <stdlib.h>

static void release_items(void *items, size_t count, size_t item_size,
                          const struct bind_row *table)
{
    for (size_t i = 0; i < count; i++)
        bind_release((char *)items + i * item_size, table);
    free(items);
}

static void release_texts(struct bind_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->items[i]);
    free(texts->items);
    *texts = (struct bind_texts){ 0 };
}

static void release_map(struct bind_map *map, const struct bind_row *row)
{
    for (size_t i = 0; i < map->count; i++)
        free(map->keys[i]);
    free(map->keys);
    release_items(map->items, map->count, row->item_size, row->table);
    *map = (struct bind_map){ 0 };
}

static void release_field(void *field, const struct bind_row *row)
{
    struct bind_list *list = field;
    struct bind_ints *ints = field;

    switch (row->kind) {
    case BIND_INT:
    case BIND_BOOL:
    case BIND_TRI:
    case BIND_ENUM:
        break;
    case BIND_TEXT:
        free(*(char **)field);
        *(char **)field = NULL;
        break;
    case BIND_TEXTS:
        release_texts(field);
        break;
    case BIND_INTS:
        free(ints->items);
        *ints = (struct bind_ints){ 0 };
        break;
    case BIND_OBJECT:
        bind_release(field, row->table);
        break;
    case BIND_LIST:
        release_items(list->items, list->count, row->item_size, row->table);
        *list = (struct bind_list){ 0 };
        break;
    case BIND_MAP:
        release_map(field, row);
        break;
    case BIND_JSON:
        json_free(*(struct json **)field);
        *(struct json **)field = NULL;
        break;
    case BIND_CUSTOM:
        if (row->release)
            row->release(field);
        break;
    }
}

void bind_release(void *out, const struct bind_row *table)
{
    if (!out)
        return;
    for (const struct bind_row *row = table; row->key; row++)
        release_field((char *)out + row->offset, row);
}
