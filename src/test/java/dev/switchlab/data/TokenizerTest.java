package dev.switchlab.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenizerTest {

    /** Bytes of UTF-8, as GPT-2 writes them, and one merge: t and h. */
    private static final String JSON = """
            {"version": "1.0",
             "added_tokens": [{"id": 7, "content": "<end>", "special": true, "single_word": false, "lstrip": false,
               "rstrip": false, "normalized": false}],
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
             "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
             "model": {"type": "BPE", "vocab": {"t": 0, "h": 1, "e": 2, "th": 3, "\\u0120": 4, "\\u010a": 5, "a": 6},
               "merges": ["t h"]}}
            """;

    @TempDir
    Path folder;

    private Path json(String text) throws IOException {
        return Files.writeString(folder.resolve("tokenizer.json"), text);
    }

    private static TextData data(String corpus, String... settings) {
        Experiment experiment = Experiment.of(Semantics.PAPER, settings).with("train.seq_len=2", "corpus=" + corpus);
        return TextData.of(CorpusStore.create().open(experiment).corpus(), experiment);
    }

    @Test
    void anyFileIsACorpusOfBytes() throws IOException {
        byte[] bytes = new byte[1000];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }
        Path file = Files.write(folder.resolve("picture.bin"), bytes);
        TextData data = data(file.toString(), "tokenizer=bytes");
        assertThat(data.tokenizer().size()).isEqualTo(256);
        assertThat(data.split().train().limit()).isEqualTo(900);
        assertThat(data.split().train().get(255)).isEqualTo(255);
        assertThat(data.split().validation().get(0)).isEqualTo(900 % 256);
        assertThat(data.bytesPerToken()).isEqualTo(1);
        assertThatThrownBy(() -> data(file.toString())).hasMessageContaining("not UTF-8 at byte 128 (0x80)");
    }

    @Test
    void textIsReadAndWrittenAsUtf8Bytes() {
        Tokenizer bytes = new ByteTokenizer();
        String text = "caf\u00e9 \uD83D\uDE00";
        assertThat(bytes.encode(text)).hasSize(text.getBytes(StandardCharsets.UTF_8).length);
        assertThat(bytes.decode(bytes.encode(text))).isEqualTo(text);
        assertThat(bytes.decode(0xc3)).isEqualTo("\uFFFD");
        assertThatThrownBy(() -> bytes.decode(256)).hasMessage("token 256 is not in the vocabulary; allowed: 0 to 255");
    }

    @Test
    void aTokenizerFileIsReadAsHuggingFaceReadsIt() throws IOException {
        Tokenizer tokenizer = TokenizerFile.read(json(JSON).toString());
        assertThat(tokenizer.size()).isEqualTo(8);
        assertThat(tokenizer.encode("the heat")).containsExactly(3, 2, 4, 1, 2, 6, 0);
        assertThat(tokenizer.decode(3, 2, 4, 1, 2, 6, 0)).isEqualTo("the heat");
        assertThat(tokenizer.has("the")).isTrue();
        assertThat(tokenizer.has("xyz")).isFalse();
        assertThat(Tokenizer.ofVocabulary("elsewhere/tokenizer.json", tokenizer.vocabulary()))
                .isEqualTo(tokenizer);
    }

    /** Tokens never reach over the cut, and the split is that of the characters. */
    @Test
    void bytesPerTokenAreThoseOfTheValidationSplit() throws IOException {
        Path corpus = Files.writeString(folder.resolve("text.txt"), "the heat\n".repeat(20));
        TextData data = data(corpus.toString(), "tokenizer=" + json(JSON));
        assertThat(data.split().validationText()).isEqualTo("the heat\n".repeat(2));
        assertThat(data.split().validation().limit()).isEqualTo(2 * 8);
        assertThat(data.bytesPerToken()).isEqualTo(9.0 / 8);
        assertThat(data.charactersPerToken()).isEqualTo(9.0 / 8);
    }

    @Test
    void bytesPerCharacterAreThoseOfUtf8() throws IOException {
        Path corpus = Files.writeString(folder.resolve("text.txt"), "\u00e9\u00e8".repeat(20));
        assertThat(data(corpus.toString()).bytesPerToken()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"hello | (not JSON:", "{} | (it has no model.vocab)", "{\"model\": {\"vocab\": {\"a\": 0}}} | ("})
    void aFileThatIsNoTokenizerIsRefused(String text, String reason) throws IOException {
        Path file = json(text);
        assertThatThrownBy(() -> TokenizerFile.read(file.toString()))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith(
                        "tokenizer " + file + ": no tokenizer.json of Hugging Face's tokenizers " + reason)
                .hasMessageEndingWith(
                        "; allowed: characters, bytes, or the path of a tokenizer.json; example:" + " tokenizer=bytes");
    }

    @Test
    void aMissingTokenizerFileIsRefused() {
        assertThatThrownBy(() -> TokenizerFile.read("no/such.json"))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("tokenizer no/such.json: no such file");
    }
}
