/* libsodium's source of randomness in WebAssembly. Its own calls into JavaScript once for every byte;
 * getentropy() fills blocks with crypto.getRandomValues(), in pages, workers and Node alike. */
#include "randombytes_getentropy.h"

#include <stdlib.h>
#include <unistd.h>

#include "randombytes.h"

enum { kMaxBlock = 65536 }; /* the most that crypto.getRandomValues() fills at once */

static void fill(void* buffer, const size_t size) {
  unsigned char* next = buffer;
  size_t left = size;
  while (left > 0) {
    const size_t block = left < kMaxBlock ? left : kMaxBlock;
    if (getentropy(next, block) != 0) abort(); /* no randomness: nothing safe can follow */
    next += block;
    left -= block;
  }
}

static uint32_t next_u32(void) {
  uint32_t value;
  fill(&value, sizeof value);
  return value;
}

static const char* name(void) { return "getentropy"; }

struct randombytes_implementation randombytes_getentropy = {
    .implementation_name = name,
    .random = next_u32,
    .buf = fill,
};
