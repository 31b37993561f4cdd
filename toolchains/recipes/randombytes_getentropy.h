/* Included ahead of libsodium's randombytes.c, where it becomes the default implementation. */
#ifndef PARLEY_RANDOMBYTES_GETENTROPY_H
#define PARLEY_RANDOMBYTES_GETENTROPY_H

extern struct randombytes_implementation randombytes_getentropy;

#endif
