//! The frame for x86-64 on Linux.

use std::arch::naked_asm;

pub(super) use super::fits_registers as passes;
use super::{Code, personality};

pub(in crate::ffi::callback) const ENTRY: Option<Code> = Some(frame);

/// Calls its first argument with the others. The personality is referenced relative to its
/// reference (0x1b: relative, four bytes), which the linker resolves.
#[unsafe(naked)]
unsafe extern "C" fn frame() {
    naked_asm!(
        ".cfi_startproc",
        ".cfi_personality 0x1b, {personality}",
        "sub rsp, 8",
        ".cfi_def_cfa_offset 16",
        "mov rax, rdi",
        "mov rdi, rsi",
        "mov rsi, rdx",
        "mov rdx, rcx",
        "mov rcx, r8",
        "mov r8, r9",
        "call rax",
        "add rsp, 8",
        ".cfi_def_cfa_offset 8",
        "ret",
        ".cfi_endproc",
        personality = sym personality,
    )
}
