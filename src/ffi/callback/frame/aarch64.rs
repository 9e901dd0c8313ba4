//! The frame for 64-bit ARM on Linux.

use std::arch::naked_asm;

pub(super) use super::fits_registers as passes;
use super::{Code, personality};

pub(in crate::ffi::callback) const ENTRY: Option<Code> = Some(frame);

/// Calls its first argument with the others. The personality is referenced as on x86-64.
#[unsafe(naked)]
unsafe extern "C" fn frame() {
    naked_asm!(
        ".cfi_startproc",
        ".cfi_personality 0x1b, {personality}",
        "stp x29, x30, [sp, #-16]!",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset x29, -16",
        ".cfi_offset x30, -8",
        "mov x29, sp",
        "mov x9, x0",
        "mov x0, x1",
        "mov x1, x2",
        "mov x2, x3",
        "mov x3, x4",
        "mov x4, x5",
        "blr x9",
        "ldp x29, x30, [sp], #16",
        ".cfi_def_cfa_offset 0",
        ".cfi_restore x29",
        ".cfi_restore x30",
        "ret",
        ".cfi_endproc",
        personality = sym personality,
    )
}
