package dev.switchlab.data;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.switchlab.io.Json;
import dev.switchlab.io.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** A {@code tokenizer.json} of Hugging Face's tokenizers. Special tokens are not added to a text. */
public final class TokenizerFile implements Tokenizer {

    /** A corpus is encoded in pieces of whole lines, so that memory stays bounded. */
    private static final int PIECE = 1 << 20;

    private static final String ALLOWED = "allowed: characters, bytes, or the path of a tokenizer.json";
    private static final String EXAMPLE = "; example: tokenizer=bytes";

    private final String json;
    private final int size;
    private final HuggingFaceTokenizer tokenizer;

    private TokenizerFile(String json, int size, HuggingFaceTokenizer tokenizer) {
        this.json = json;
        this.size = size;
        this.tokenizer = tokenizer;
    }

    /** Throws {@link DataException} in one line, if the file is missing or no tokenizer. */
    static TokenizerFile read(String path) {
        try {
            return ofJson(Files.readString(Path.of(path)), path);
        } catch (InvalidPathException | IOException e) {
            throw new DataException(
                    "tokenizer " + path + ": no such file, or it cannot be read as text; " + ALLOWED + EXAMPLE);
        }
    }

    /** @param source what a message calls the text */
    static TokenizerFile ofJson(String json, String source) {
        try {
            int size = size(Json.MAPPER.readTree(json));
            HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(
                    new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)),
                    Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false"));
            return new TokenizerFile(json, size, tokenizer);
        } catch (JsonProcessingException e) {
            throw refused(source, "not JSON: " + e.getOriginalMessage());
        } catch (IOException | RuntimeException e) {
            throw refused(source, String.valueOf(e.getMessage()));
        }
    }

    private static DataException refused(String source, String reason) {
        return new DataException("tokenizer " + source + ": no tokenizer.json of Hugging Face's tokenizers ("
                + reason.strip().replaceAll("\\s*\\R\\s*", " ") + "); " + ALLOWED + EXAMPLE);
    }

    /** One more than the largest id. */
    private static int size(JsonNode root) {
        JsonNode vocabulary = root.at("/model/vocab");
        int size = vocabulary.isArray() ? vocabulary.size() : 0; // a unigram model's pieces
        if (vocabulary.isObject()) {
            for (JsonNode id : vocabulary) {
                size = Math.max(size, id.asInt() + 1);
            }
        }
        if (size == 0) {
            throw new IllegalArgumentException("it has no model.vocab");
        }
        for (JsonNode added : root.path("added_tokens")) {
            size = Math.max(size, added.path("id").asInt() + 1);
        }
        return size;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public String vocabulary() {
        return json;
    }

    @Override
    public int[] encode(String text) {
        long[] ids = tokenizer.encode(text, false, false).getIds();
        return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
    }

    @Override
    public IntBuffer encodeCorpus(String text) {
        int[] ids = new int[text.length() / 3 + 16];
        int count = 0;
        for (int from = 0; from < text.length(); ) {
            int line = text.lastIndexOf('\n', Math.min(from + PIECE, text.length()) - 1) + 1;
            int to = line > from ? line : Math.min(from + PIECE, text.length());
            int[] piece = encode(text.substring(from, to));
            if (count + piece.length > ids.length) {
                ids = Arrays.copyOf(ids, Math.max(count + piece.length, ids.length + ids.length / 2));
            }
            System.arraycopy(piece, 0, ids, count, piece.length);
            count += piece.length;
            from = to;
        }
        return IntBuffer.wrap(ids, 0, count).slice();
    }

    /** Whether no character is lost: a text may have characters that become an unknown token. */
    @Override
    public boolean has(String text) {
        int[] ids = encode(text);
        return ids.length > 0 && decode(ids).strip().equals(text.strip());
    }

    @Override
    public String decode(int... ids) {
        requireIds(ids);
        return tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), false);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TokenizerFile that && json.equals(that.json);
    }

    @Override
    public int hashCode() {
        return json.hashCode();
    }

    @Override
    public String toString() {
        return "TokenizerFile[" + size + " tokens, sha256 " + Sha256.of(json) + "]";
    }
}
