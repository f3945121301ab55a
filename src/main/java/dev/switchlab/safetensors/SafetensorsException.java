package dev.switchlab.safetensors;

import java.io.IOException;

/**
 * A safetensors file that cannot be read. The message is one line that names the file and, where one is to blame, the
 * tensor.
 */
public final class SafetensorsException extends IOException {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST_QUOTE = 120;

    SafetensorsException(String message) {
        super(message);
    }

    SafetensorsException(String message, Throwable cause) {
        super(message, cause);
    }

    /** Text from a file as it may stand in a one-line message: control characters escaped, cut when long. */
    static String quote(String text) {
        StringBuilder quoted = new StringBuilder("'");
        int end = Math.min(text.length(), LONGEST_QUOTE);
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c) || Character.isSurrogate(c) || Character.getType(c) == Character.FORMAT) {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append(end < text.length() ? "...'" : "'").toString();
    }
}
