/* The interface's font files, found through the assembler's include path. */
        .section .rodata
        .macro font name, file
        .balign 16
        .global parley_font_\name
        .global parley_font_\name\()_end
parley_font_\name:
        .incbin "\file"
parley_font_\name\()_end:
        .byte 0
        .endm

        font regular, "Inter-Regular.otf"
        font medium, "Inter-Medium.otf"
        font bold, "Inter-Bold.otf"
        font italic, "Inter-Italic.otf"
        font mono, "Mono-Regular.ttf"

        .section .note.GNU-stack,"",%progbits
