//! The frame for 32-bit ARM on Linux, whose tables for unwinding are those of the "Exception Handling ABI for the Arm
//! Architecture": a frame has a personality in them that also unwinds it.

use std::arch::naked_asm;
use std::ffi::{c_int, c_void};

use super::{Code, stay_if_ours};

pub(in crate::ffi::callback) const ENTRY: Option<Code> = Some(frame);

/// Two words, so that the numbers of 64 bits among the arguments, which begin at an even word, stay where they are
/// relative to each other.
pub(in crate::ffi::callback) type Word = u64;

/// Ten words, with the one that may be left out before each argument.
pub(super) const fn passes(count: usize, size: usize) -> bool {
    size + count * 4 <= 10 * 4
}

/// Calls its first argument with the others: they move by two words, of which four are in registers. Those on the stack
/// that are not arguments are what the caller has there.
#[unsafe(naked)]
unsafe extern "C" fn frame() {
    naked_asm!(
        ".fnstart",
        "push {{r4, lr}}",
        ".save {{r4, lr}}",
        "sub sp, sp, #24", // six words and, with those above, a multiple of 8 bytes
        ".pad #24",
        "mov r12, r0",
        "mov r0, r2",
        "mov r1, r3",
        "ldr r2, [sp, #32]",
        "ldr r3, [sp, #36]",
        "ldr lr, [sp, #40]",
        "str lr, [sp]",
        "ldr lr, [sp, #44]",
        "str lr, [sp, #4]",
        "ldr lr, [sp, #48]",
        "str lr, [sp, #8]",
        "ldr lr, [sp, #52]",
        "str lr, [sp, #12]",
        "ldr lr, [sp, #56]",
        "str lr, [sp, #16]",
        "ldr lr, [sp, #60]",
        "str lr, [sp, #20]",
        "blx r12",
        "add sp, sp, #24",
        "pop {{r4, pc}}",
        ".personality {personality}",
        ".handlerdata",
        ".fnend",
        personality = sym personality,
    )
}

/// Called for the frame by whatever unwinds the stack, be it only to list the callers.
unsafe extern "C" fn personality(
    state: c_int,
    exception: *mut c_void,
    context: *mut c_void,
) -> c_int {
    const ACTION: c_int = 3;
    const VIRTUAL_UNWIND_FRAME: c_int = 0;
    const FORCE_UNWIND: c_int = 8;
    const CONTINUE_UNWIND: c_int = 8;
    const FAILURE: c_int = 9;
    unsafe extern "C" {
        fn __gnu_unwind_frame(exception: *mut c_void, context: *mut c_void) -> c_int;
    }
    let forced = state & FORCE_UNWIND != 0;
    if forced && state & ACTION == VIRTUAL_UNWIND_FRAME {
        // The callers are listed. SAFETY: the arguments are those of this call, as the function expects them.
        return match unsafe { __gnu_unwind_frame(exception, context) } {
            0 => CONTINUE_UNWIND,
            _ => FAILURE,
        };
    }
    if forced {
        stay_if_ours();
    }
    FAILURE // also of an exception, which is not caught anywhere
}
