package dev.switchlab.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.io.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Corpora that need no network. */
class CorpusStoreTest {
    private static final CorpusStore STORE = CorpusStore.create();

    @TempDir
    private Path folder;

    @Test
    void dickensArrivesWithTheBuild() {
        OpenedCorpus opened = STORE.open("dickens", "none", "characters");
        assertThat(opened.fallbackReason()).isEmpty();
        Corpus corpus = opened.corpus();
        assertThat(corpus.name()).isEqualTo("dickens");
        assertThat(corpus.sha256()).isEqualTo("70b924ea4d22d24d8650660ddddd29fc5c07eafc5803a904e6d1184f50ac4ed7");
        assertThat(corpus.text())
                .startsWith("The Old Curiosity Shop\n\nBy Charles Dickens\n")
                .endsWith("like a tale that is told!");
        assertThat(corpus.characters()).isEqualTo(1_214_976);
        assertThat(CharTokenizer.of(corpus.text()).size()).isEqualTo(77);
        assertThat(corpus.unigramEntropy()).isCloseTo(3.0791459, within(1e-6));
    }

    @Test
    void anyOtherNameIsTheFileOfThatPath() throws IOException {
        Path file = Files.writeString(folder.resolve("mine.txt"), "Grüße \uD83D\uDE00");
        Corpus corpus = STORE.open(file.toString(), "dickens", "characters").corpus();
        assertThat(corpus.name()).isEqualTo(file.toString());
        assertThat(corpus.text()).isEqualTo("Grüße \uD83D\uDE00");
        assertThat(corpus.characters()).isEqualTo(7);
        assertThat(corpus.sha256()).isEqualTo(Sha256.of("Grüße \uD83D\uDE00".getBytes(UTF_8)));
    }

    @Test
    void lineEndsBecomeNewlinesAndAByteOrderMarkIsNoCharacter() throws IOException {
        Path file = Files.writeString(folder.resolve("dos.txt"), "\uFEFFone\r\ntwo\rthree\n");
        assertThat(STORE.open(file.toString(), "none", "characters").corpus().text())
                .isEqualTo("one\ntwo\nthree\n");
    }

    @Test
    void aFileThatCannotBeUsedIsRefusedEvenWhereAFallbackIsAllowed() throws IOException {
        Path bad = Files.write(folder.resolve("latin1.txt"), new byte[] {'a', 'b', (byte) 0xe9, 'c'});
        refused(bad, "not UTF-8 at byte 2 (0xe9); convert it, for example with: iconv -t UTF-8");
        Path cut = Files.write(folder.resolve("cut.txt"), new byte[] {'a', (byte) 0xc3});
        refused(cut, "not UTF-8 at byte 1 (0xc3); convert it, for example with: iconv -t UTF-8");
        refused(Files.writeString(folder.resolve("empty.txt"), ""), "has no text; allowed: a UTF-8 text file");
        refused(Files.writeString(folder.resolve("blank.txt"), " \n\n"), "has no text; allowed: a UTF-8 text file");
        refused(folder, "not a file; allowed: the path of a UTF-8 text file");
        refused(
                folder.resolve("missing.txt"),
                "no such file, and no known corpus; allowed: tiny-shakespeare, dickens, java-sources, or the path of a UTF-8 text file");
    }

    @ParameterizedTest
    @CsvSource({"aabb, 0.6931471805599453", "aaab, 0.5623351446188083", "aaaa, 0", "'', 0"})
    void unigramEntropyIsThatOfTheCharacters(String text, double nats) {
        assertThat(new Corpus("", "", text).unigramEntropy()).isCloseTo(nats, within(1e-12));
    }

    private static void refused(Path file, String message) {
        assertThatThrownBy(() -> STORE.open(file.toString(), "dickens", "characters"))
                .isInstanceOf(DataException.class)
                .hasMessage("corpus " + file + ": " + message);
    }
}
