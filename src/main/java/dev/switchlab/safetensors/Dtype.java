package dev.switchlab.safetensors;

import java.util.Arrays;
import java.util.Optional;

/** Element types, by the name that the header gives them. */
public enum Dtype {
    F64(8),
    F32(4),
    F16(2),
    BF16(2),
    I64(8),
    I32(4),
    I16(2),
    I8(1),
    U8(1),
    BOOL(1);

    private final int bytes;

    Dtype(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** Whether elements are floating point. */
    public boolean isFloat() {
        return this == F64 || this == F32 || this == F16 || this == BF16;
    }

    /** Whether elements are integers; {@link #BOOL} is not. */
    public boolean isInteger() {
        return !isFloat() && this != BOOL;
    }

    static Optional<Dtype> ofName(String name) {
        return Arrays.stream(values()).filter(d -> d.name().equals(name)).findFirst();
    }
}
