package dev.switchlab.data;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.io.Sha256;
import dev.switchlab.io.WholeFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;

/**
 * Finds corpora: {@code tiny-shakespeare} is downloaded once and kept in a cache, {@code dickens} arrives with the
 * build, {@code java-sources} is put together in the cache by {@code make corpus}, any other name is the path of a
 * UTF-8 text file, or of any file where bytes are tokens. What is known is checked by sha256 at each opening.
 */
public final class CorpusStore {
    /** The corpus of the reference's experiment, from its public home. */
    public static final String TINY_SHAKESPEARE = "tiny-shakespeare";

    /**
     * The Old Curiosity Shop (1841, in the public domain) as Project Gutenberg has it: the title and the chapters, no
     * license text.
     */
    public static final String DICKENS = "dickens";

    private static final List<String> KNOWN_NAMES = List.of(TINY_SHAKESPEARE, DICKENS, JavaSources.NAME);
    private static final String DICKENS_RESOURCE = "dickens.txt.gz";
    private static final String DICKENS_SHA256 = "70b924ea4d22d24d8650660ddddd29fc5c07eafc5803a904e6d1184f50ac4ed7";
    private static final long LARGEST_FILE = 1L << 30;

    private final Path cache;
    private final Map<String, RemoteFile> remote;
    private final Download download;
    private final Consumer<String> notices;

    CorpusStore(Path cache, Map<String, RemoteFile> remote, Download download, Consumer<String> notices) {
        this.cache = cache;
        this.remote = remote;
        this.download = download;
        this.notices = notices;
    }

    /**
     * The store of this user: the cache folder is the system property {@code switchlab.cache}, else the environment
     * variable {@code SWITCHLAB_CACHE}, else {@code ~/.cache/switchlab}. Progress and notices go to standard error.
     */
    public static CorpusStore create() {
        RemoteFile tinyShakespeare = new RemoteFile(
                URI.create("https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"),
                "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
                1_115_394);
        return new CorpusStore(
                defaultCache(),
                Map.of(TINY_SHAKESPEARE, tinyShakespeare),
                new Download(Download.Limits.DEFAULT, Download.Progress::onStandardError),
                System.err::println);
    }

    /** The experiment's corpus, or its fallback. */
    public OpenedCorpus open(Experiment experiment) {
        return open(experiment.corpus(), experiment.fallbackCorpus(), experiment.tokenizer());
    }

    /**
     * Puts a known corpus into the cache.
     *
     * @throws DataException in one line, if it cannot be had, or the name is not known
     */
    public Corpus get(String name) throws IOException, InterruptedException {
        if (name.equals(JavaSources.NAME)) {
            notices.accept(JavaSources.build(cached(name), System.getenv().getOrDefault("MVN", "mvn")));
        } else if (!KNOWN_NAMES.contains(name)) {
            throw new DataException("corpus %s: not known; allowed: %s; example: NAME=%s"
                    .formatted(name, String.join(", ", KNOWN_NAMES), JavaSources.NAME));
        }
        return open(name, Experiment.NO_FALLBACK, Tokenizer.CHARACTERS).corpus();
    }

    /** The sha256 of a known corpus, which need not be on this machine; empty for any other name. */
    public Optional<String> sha256(String name) {
        return switch (name) {
            case DICKENS -> Optional.of(DICKENS_SHA256);
            case JavaSources.NAME -> Optional.of(JavaSources.sha256());
            default -> Optional.ofNullable(remote.get(name)).map(RemoteFile::sha256);
        };
    }

    /**
     * A corpus, or another one when it cannot be downloaded. Nothing else leads to the fallback: a file that is missing
     * or no UTF-8 is an error.
     *
     * @param fallback a corpus name, or {@code none} to forbid the fallback
     * @param tokenizer the experiment's: {@code bytes} takes files as they are
     * @throws DataException in one line, when neither can be had
     */
    public OpenedCorpus open(String name, String fallback, String tokenizer) {
        boolean raw = tokenizer.equals(Tokenizer.BYTES);
        try {
            return new OpenedCorpus(load(name, raw), Optional.empty());
        } catch (DownloadException e) {
            if (fallback.equals(Experiment.NO_FALLBACK)) {
                throw new DataException(e.getMessage()
                        + "; give a text with CORPUS=<file>, or allow another with fallback_corpus=" + DICKENS);
            }
            return new OpenedCorpus(
                    loadFallback(fallback, raw, e),
                    Optional.of(e.getMessage() + "; took the fallback corpus " + fallback));
        }
    }

    private Corpus loadFallback(String name, boolean raw, DownloadException reason) {
        try {
            return load(name, raw);
        } catch (DownloadException e) {
            throw new DataException("%s; and the fallback: %s; give a text with CORPUS=<file>"
                    .formatted(reason.getMessage(), e.getMessage()));
        }
    }

    /** @param raw whether the corpus has a character for each byte */
    private Corpus load(String name, boolean raw) throws DownloadException {
        RemoteFile file = remote.get(name);
        if (file != null) {
            return new Corpus(name, file.sha256(), text(cachedOrDownloaded(name, file), name, raw));
        }
        return switch (name) {
            case DICKENS -> dickens(raw);
            case JavaSources.NAME -> javaSources(raw);
            default -> file(name, raw);
        };
    }

    private Path cached(String name) {
        return cache.resolve("corpora").resolve(name + ".txt");
    }

    private Corpus javaSources(boolean raw) {
        Path cached = cached(JavaSources.NAME);
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(cached);
        } catch (NoSuchFileException e) {
            throw new DataException("corpus java-sources: not in %s; get it with: make corpus NAME=java-sources"
                    .formatted(cached.getParent()));
        } catch (IOException e) {
            throw new DataException("corpus java-sources: %s cannot be read: %s".formatted(cached, e));
        }
        String sha256 = Sha256.of(bytes);
        if (!sha256.equals(JavaSources.sha256())) {
            throw new DataException(
                    ("corpus java-sources: %s is damaged (sha256 %s, expected %s); get it again with: make corpus"
                                    + " NAME=java-sources")
                            .formatted(cached, sha256, JavaSources.sha256()));
        }
        return new Corpus(JavaSources.NAME, sha256, text(bytes, JavaSources.NAME, raw));
    }

    private byte[] cachedOrDownloaded(String name, RemoteFile file) throws DownloadException {
        Path cached = cached(name);
        if (Files.exists(cached)) {
            try {
                byte[] bytes = Files.readAllBytes(cached);
                if (file.matches(bytes)) {
                    return bytes;
                }
                notices.accept("corpus %s: the cached file %s is damaged (sha256 %s, expected %s); downloading it again"
                        .formatted(name, cached, Sha256.of(bytes), file.sha256()));
            } catch (IOException e) {
                notices.accept("corpus %s: the cached file %s cannot be read (%s); downloading it again"
                        .formatted(name, cached, e));
            }
        }
        byte[] bytes = download.fetch(name, file);
        try {
            WholeFile.write(cached, bytes);
        } catch (IOException e) {
            // The text is there and right: that it cannot be kept costs another download, not this run.
            notices.accept("corpus %s: cannot be kept in %s (%s); set SWITCHLAB_CACHE to a writable folder"
                    .formatted(name, cached, e));
        }
        return bytes;
    }

    private static Corpus dickens(boolean raw) {
        byte[] bytes;
        try (InputStream packed = CorpusStore.class.getResourceAsStream(DICKENS_RESOURCE);
                InputStream in = new GZIPInputStream(packed)) {
            bytes = in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String sha256 = Sha256.of(bytes);
        if (!sha256.equals(DICKENS_SHA256)) {
            throw new DataException("corpus dickens: %s of this build is another text (sha256 %s, expected %s)"
                    .formatted(DICKENS_RESOURCE, sha256, DICKENS_SHA256));
        }
        return new Corpus(DICKENS, sha256, text(bytes, DICKENS, raw));
    }

    private static Corpus file(String name, boolean raw) {
        byte[] bytes;
        try {
            Path path = Path.of(name);
            if (!Files.exists(path)) {
                throw new DataException(
                        "corpus %s: no such file, and no known corpus; allowed: %s, or the path of a UTF-8 text file"
                                .formatted(name, String.join(", ", KNOWN_NAMES)));
            }
            if (!Files.isRegularFile(path)) {
                throw new DataException(
                        "corpus %s: not a file; allowed: the path of a UTF-8 text file".formatted(name));
            }
            if (Files.size(path) > LARGEST_FILE) {
                throw new DataException(
                        "corpus %s: has %d bytes; allowed: up to %d".formatted(name, Files.size(path), LARGEST_FILE));
            }
            bytes = Files.readAllBytes(path);
        } catch (InvalidPathException | IOException e) {
            throw new DataException("corpus %s: cannot be read: %s".formatted(name, e));
        }
        String text = text(bytes, name, raw);
        if (text.isBlank()) {
            throw new DataException("corpus %s: has no text; allowed: a UTF-8 text file".formatted(name));
        }
        return new Corpus(name, Sha256.of(bytes), text);
    }

    private static String text(byte[] bytes, String source, boolean raw) {
        return raw ? new String(bytes, StandardCharsets.ISO_8859_1) : decoded(bytes, source);
    }

    /**
     * Decodes a text file strictly, a byte that cannot be read is an error with its offset, and as the reference does:
     * line ends become {@code \n}. A leading byte order mark is no character of the text and is left out.
     *
     * @param source what the message calls the bytes
     */
    private static String decoded(byte[] bytes, String source) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        CoderResult result = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT)
                .decode(in, out, true);
        if (result.isError()) {
            throw new DataException(
                    "corpus %s: not UTF-8 at byte %d (0x%02x); convert it, for example with: iconv -t UTF-8"
                            .formatted(source, in.position(), bytes[in.position()] & 0xff));
        }
        String text = out.flip().toString();
        String unmarked = text.startsWith("\uFEFF") ? text.substring(1) : text;
        return unmarked.replace("\r\n", "\n").replace('\r', '\n');
    }

    private static Path defaultCache() {
        String property = System.getProperty("switchlab.cache", "");
        String variable = Optional.ofNullable(System.getenv("SWITCHLAB_CACHE")).orElse("");
        if (!property.isBlank()) {
            return Path.of(property);
        }
        return variable.isBlank() ? Path.of(System.getProperty("user.home"), ".cache", "switchlab") : Path.of(variable);
    }
}
