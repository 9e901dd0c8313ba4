//! The frame for x86-64 on Linux.

use std::arch::naked_asm;
use std::ffi::{c_int, c_void};

use super::Code;
use crate::runtime::on_library_thread;

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

/// Called when the frame is unwound through.
unsafe extern "C" fn personality(
    _version: c_int,
    actions: c_int,
    _class: u64,
    _exception: *mut c_void,
    _context: *mut c_void,
) -> c_int {
    const FORCE_UNWIND: c_int = 8;
    const FATAL_PHASE2_ERROR: c_int = 2;
    const FATAL_PHASE1_ERROR: c_int = 3;
    if actions & FORCE_UNWIND == 0 {
        return FATAL_PHASE1_ERROR; // an exception, which is not caught anywhere
    }
    if !on_library_thread() {
        return FATAL_PHASE2_ERROR;
    }
    loop {
        // SAFETY: it only waits for signals.
        unsafe { libc::pause() };
    }
}
