package dev.switchlab.tracking.store;

import com.fasterxml.jackson.core.JsonGenerator;
import com.sun.net.httpserver.HttpExchange;
import dev.switchlab.tracking.store.Runs.Run;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLConnection;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Artifacts: listing a run's, and the artifact proxy that uploads, downloads, lists and deletes by path. */
final class ArtifactApi {
    /** Shown as plain text: no artifact is worth running in the browser from this origin. */
    private static final Set<String> TEXT = Set.of(
            "txt", "log", "md", "rst", "csv", "tsv", "json", "jsonl", "yaml", "yml", "xml", "html", "htm", "svg", "js",
            "py", "java", "jsh", "ini", "cfg", "toml", "sh", "diff", "patch");

    private final Database database;
    private final ArtifactFolder folder;
    private final long maxBytes;

    ArtifactApi(Database database, ArtifactFolder folder, long maxBytes) {
        this.database = database;
        this.folder = folder;
        this.maxBytes = maxBytes;
    }

    /** artifacts/list: paths relative to the run's folder. */
    void listOfRun(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String runId = request.requiredString("run_id", "run_uuid");
        ArtifactPath below = ArtifactPath.of(request.string("path", ""));
        Run run = database.read(session -> Runs.require(session, runId));
        String prefix = below.isRoot() ? "" : below + "/";
        out.writeStringField("root_uri", run.artifactUri());
        write(folder.list(ArtifactPath.ofUri(run.artifactUri()).resolve(below)), prefix, out);
    }

    /** The proxy's listing: paths relative to the listed folder. */
    void list(RequestMessage request, JsonGenerator out) throws IOException {
        write(folder.list(ArtifactPath.of(request.string("path", ""))), "", out);
    }

    private static void write(List<ArtifactFolder.Entry> entries, String prefix, JsonGenerator out) throws IOException {
        if (entries.isEmpty()) {
            return;
        }
        out.writeArrayFieldStart("files");
        for (ArtifactFolder.Entry entry : entries) {
            out.writeStartObject();
            out.writeStringField("path", prefix + entry.name());
            out.writeBooleanField("is_dir", entry.isFolder());
            if (!entry.isFolder()) {
                out.writeNumberField("file_size", entry.size());
            }
            out.writeEndObject();
        }
        out.writeEndArray();
    }

    /** Downloads one artifact of a run, as MLflow's UI does. */
    void downloadOfRun(HttpExchange exchange, RequestMessage request) throws SQLException, IOException {
        String runId = request.requiredString("run_id", "run_uuid");
        ArtifactPath below = ArtifactPath.of(request.requiredString("path"));
        Run run = database.read(session -> Runs.require(session, runId));
        download(exchange, ArtifactPath.ofUri(run.artifactUri()).resolve(below));
    }

    /** Streams a file to the client. */
    void download(HttpExchange exchange, ArtifactPath path) throws IOException {
        Path file = folder.file(path);
        try (InputStream in = Files.newInputStream(file)) {
            long size = Files.size(file);
            String name = URLEncoder.encode(path.name(), StandardCharsets.UTF_8).replace("+", "%20");
            exchange.getResponseHeaders().set("Content-Type", contentType(path.name()));
            exchange.getResponseHeaders().set("Content-Disposition", "attachment; filename*=UTF-8''" + name);
            exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
            exchange.sendResponseHeaders(200, size == 0 ? -1 : size);
            in.transferTo(exchange.getResponseBody());
        }
    }

    /** Stores the request's body. */
    void upload(HttpExchange exchange, ArtifactPath path) throws IOException {
        try {
            folder.write(
                    path,
                    exchange.getRequestBody(),
                    RequestBody.length(exchange).orElse(-1),
                    maxBytes);
        } catch (ApiException e) {
            RequestBody.drain(exchange.getRequestBody());
            throw e;
        }
        Reply.json(exchange, 200, emptyObject());
    }

    void delete(HttpExchange exchange, ArtifactPath path) throws IOException {
        folder.delete(path);
        Reply.json(exchange, 200, emptyObject());
    }

    private static byte[] emptyObject() {
        return "{}".getBytes(StandardCharsets.UTF_8);
    }

    private static String contentType(String name) {
        String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        if (TEXT.contains(extension)) {
            return "text/plain";
        }
        String guess = URLConnection.guessContentTypeFromName(name);
        return guess == null ? "application/octet-stream" : guess;
    }
}
