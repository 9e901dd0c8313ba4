//! Operations on 16 bytes at once, for processors that all have them.

/// Marks the bytes of `chunk` that are at most `b' '`, each with the bit of its index.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn blanks(chunk: &[u8; 16]) -> u32 {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_set1_epi8,
    };
    // SAFETY: SSE2 is a part of x86_64. 16 bytes are read where there are as many, at any alignment.
    unsafe {
        let bytes = _mm_loadu_si128(chunk.as_ptr().cast());
        let least = _mm_min_epu8(bytes, _mm_set1_epi8(b' ' as i8));
        _mm_movemask_epi8(_mm_cmpeq_epi8(least, bytes)) as u32
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_marked_at_each_place() {
        for at in 0..16 {
            for value in 0..=u8::MAX {
                let mut chunk = [b'~'; 16];
                chunk[at] = value;
                assert_eq!(blanks(&chunk), u32::from(value <= b' ') << at);
            }
        }
        assert_eq!(blanks(&[0; 16]), 0xffff);
    }
}
