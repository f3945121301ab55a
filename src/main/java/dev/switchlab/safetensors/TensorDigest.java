package dev.switchlab.safetensors;

import dev.switchlab.io.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/** SHA-256 of named tensors: two sets have the same digest exactly when names, dtypes, shapes and every bit agree. */
public final class TensorDigest {

    private TensorDigest() {}

    /**
     * The digest, independent of the map's order: for each tensor by name, the line {@code name NUL dtype NUL [sizes]
     * LF} in UTF-8, then its little-endian bytes.
     *
     * @return lower-case hexadecimal
     */
    public static String sha256(Map<String, Tensor> tensors) {
        MessageDigest digest = Sha256.newDigest();
        for (Map.Entry<String, Tensor> entry : new TreeMap<>(tensors).entrySet()) {
            Tensor tensor = entry.getValue();
            StringBuilder line = new StringBuilder(entry.getKey());
            line.append('\0').append(tensor.dtype()).append('\0');
            for (long size : tensor.shape()) {
                line.append(size).append(' ');
            }
            digest.update(line.append('\n').toString().getBytes(StandardCharsets.UTF_8));
            ByteBuffer data = tensor.data();
            digest.update(data);
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
