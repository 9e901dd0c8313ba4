//! The frame for 32-bit x86 on Linux.

use std::arch::naked_asm;

use super::{Code, personality};

pub(in crate::ffi::callback) const ENTRY: Option<Code> = Some(frame);

/// Six words, which are on the stack; a number of 64 bits has two of them.
pub(super) const fn passes(_count: usize, size: usize) -> bool {
    size <= 6 * 4
}

/// Calls its first argument with the others: with copies of the six words behind it, of which those that are not
/// arguments are what the caller has on its stack. The personality is referenced as on x86-64.
#[unsafe(naked)]
unsafe extern "C" fn frame() {
    naked_asm!(
        ".cfi_startproc",
        ".cfi_personality 0x1b, {personality}",
        "sub esp, 28", // the six words and, with the return address, a multiple of 16 bytes
        ".cfi_def_cfa_offset 32",
        "mov eax, [esp + 36]",
        "mov [esp], eax",
        "mov eax, [esp + 40]",
        "mov [esp + 4], eax",
        "mov eax, [esp + 44]",
        "mov [esp + 8], eax",
        "mov eax, [esp + 48]",
        "mov [esp + 12], eax",
        "mov eax, [esp + 52]",
        "mov [esp + 16], eax",
        "mov eax, [esp + 56]",
        "mov [esp + 20], eax",
        "call dword ptr [esp + 32]",
        "add esp, 28",
        ".cfi_def_cfa_offset 4",
        "ret",
        ".cfi_endproc",
        personality = sym personality,
    )
}
