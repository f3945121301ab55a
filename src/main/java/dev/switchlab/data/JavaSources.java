package dev.switchlab.data;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.switchlab.io.Sha256;
import dev.switchlab.io.WholeFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The corpus {@code java-sources}: Java files of libraries with permissive licenses, from their source jars, which
 * Maven fetches. The same bytes on every machine.
 *
 * <ol>
 *   <li>Taken are files of ASCII characters with at most {@value #LARGEST} of them; longer ones are mostly tables. Line
 *       ends become {@code \n}. Of equal files one is taken.
 *   <li>A license header, the comment that a file begins with, is kept in the first file that has it.
 *   <li>Files stand in the order of the SHA-256 of their names, so that any stretch has files of all libraries, each
 *       ended by a form feed.
 * </ol>
 */
final class JavaSources {

    static final String NAME = "java-sources";

    private static final int LARGEST = 100_000;

    /** Of maven-dependency-plugin, as in the build. */
    static final String PLUGIN = "3.9.0";

    private static final Pattern HEADER = Pattern.compile("\\s*/\\*.*?\\*/\\s*", Pattern.DOTALL);
    private static final Pattern LEGAL = Pattern.compile("(?i)licen[cs]e|copyright");
    private static final Pattern YEARS = Pattern.compile("[\\d\\s,-]+");
    private static final Pattern REASON = Pattern.compile("(?m)^\\[ERROR\\] (.*)$");
    private static final Listing LISTING = listing();

    private JavaSources() {}

    /**
     * The list of jars.
     *
     * @param sha256 of the corpus
     * @param jars in any order
     */
    private record Listing(String sha256, List<Jar> jars) {}

    /**
     * A jar of sources.
     *
     * @param library {@code group:artifact:version}
     * @param sha256 of the jar
     * @param license its SPDX identifier
     */
    private record Jar(String library, String sha256, String license) {

        String file() {
            String[] parts = library.split(":", -1);
            return parts[1] + "-" + parts[2] + "-sources.jar";
        }

        String artifactItem() {
            String[] parts = library.split(":", -1);
            return ("<artifactItem><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version>"
                            + "<classifier>sources</classifier></artifactItem>")
                    .formatted((Object[]) parts);
        }
    }

    private static Listing listing() {
        ObjectMapper yaml = new YAMLMapper();
        try (InputStream in = JavaSources.class.getResourceAsStream("java-sources.yaml")) {
            return yaml.readValue(in, Listing.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Of the corpus. */
    static String sha256() {
        return LISTING.sha256();
    }

    /**
     * Fetches the jars and writes the corpus, whole or not at all.
     *
     * @param maven the command that starts Maven
     * @return what was written, in one line
     * @throws DataException in one line, if a jar cannot be had, or something is not what it was
     */
    static String build(Path file, String maven) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("switchlab-java-sources");
        try {
            fetch(folder, maven);
            SortedMap<String, String> files = new TreeMap<>();
            for (Jar jar : LISTING.jars()) {
                Path path = folder.resolve(jar.file());
                String sha256 = Sha256.of(Files.readAllBytes(path));
                if (!sha256.equals(jar.sha256())) {
                    throw new DataException(
                            ("corpus java-sources: %s is another file (sha256 %s, expected %s); delete it from Maven's local"
                                            + " repository, and try again")
                                    .formatted(jar.library(), sha256, jar.sha256()));
                }
                files.putAll(javaFiles(path, jar));
            }
            byte[] corpus = joined(files);
            String sha256 = Sha256.of(corpus);
            if (!sha256.equals(sha256())) {
                throw new DataException(
                        ("corpus java-sources: the files of the jars make another text (sha256 %s, expected %s); this is an"
                                        + " error of SwitchLab")
                                .formatted(sha256, sha256()));
            }
            WholeFile.write(file, corpus);
            return "corpus java-sources: %,d bytes of %d libraries (%s) in %s"
                    .formatted(corpus.length, LISTING.jars().size(), licenses(), file);
        } finally {
            try (var paths = Files.list(folder)) {
                for (Path path : paths.toList()) {
                    Files.deleteIfExists(path);
                }
            }
            Files.deleteIfExists(folder);
        }
    }

    private static String licenses() {
        return LISTING.jars().stream().map(Jar::license).distinct().sorted().collect(Collectors.joining(", "));
    }

    /** Copies the jars into a folder. Maven knows the repositories, proxies and passwords of this machine. */
    private static void fetch(Path folder, String maven) throws IOException, InterruptedException {
        String items = LISTING.jars().stream().map(Jar::artifactItem).collect(Collectors.joining("\n"));
        Path pom = folder.resolve("pom.xml");
        Files.writeString(pom, """
                <project>
                <modelVersion>4.0.0</modelVersion>
                <groupId>dev.switchlab</groupId><artifactId>java-sources</artifactId><version>1</version>
                <packaging>pom</packaging>
                <build><plugins><plugin>
                <groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId>
                <version>%s</version>
                <configuration><outputDirectory>%s</outputDirectory><artifactItems>
                %s
                </artifactItems></configuration>
                </plugin></plugins></build>
                </project>
                """.formatted(PLUGIN, folder, items));
        Process process = new ProcessBuilder(maven, "-B", "-q", "-f", pom.toString(), "dependency:copy")
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            Matcher reason = REASON.matcher(output);
            throw new DataException("corpus java-sources: Maven cannot get the source jars: "
                    + (reason.find() ? reason.group(1) : output.strip().replaceAll("\\s*\\R\\s*", " ")));
        }
    }

    /** By SHA-256 of the name, and the name. */
    private static Map<String, String> javaFiles(Path path, Jar jar) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (ZipFile zip = new ZipFile(path.toFile())) {
            for (Enumeration<? extends ZipEntry> entries = zip.entries(); entries.hasMoreElements(); ) {
                ZipEntry entry = entries.nextElement();
                if (entry.getName().endsWith(".java")) {
                    String name = jar.library() + "/" + entry.getName();
                    String text = new String(zip.getInputStream(entry).readAllBytes(), StandardCharsets.UTF_8)
                            .replace("\r\n", "\n")
                            .replace('\r', '\n');
                    boolean isPlain = text.chars().allMatch(c -> (c >= ' ' && c <= '~') || c == '\n' || c == '\t');
                    if (isPlain && text.length() <= LARGEST) {
                        files.put(Sha256.of(name) + " " + name, text);
                    }
                }
            }
        }
        return files;
    }

    /** The files in order, each once, and each license header once. */
    static byte[] joined(SortedMap<String, String> files) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        Set<String> contents = new HashSet<>();
        Set<String> headers = new HashSet<>();
        for (String file : files.values()) {
            Matcher header = HEADER.matcher(file);
            boolean isLegal =
                    header.lookingAt() && LEGAL.matcher(header.group()).find();
            String body = (isLegal ? file.substring(header.end()) : file).strip();
            if (body.isEmpty() || !contents.add(body)) {
                continue;
            }
            boolean isNew = isLegal && headers.add(YEARS.matcher(header.group()).replaceAll(" "));
            String text = (isNew ? header.group().strip() + "\n" : "") + body + "\n" + Corpus.END_OF_FILE;
            all.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
        }
        return all.toByteArray();
    }
}
