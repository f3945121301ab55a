/**
 * The safetensors file format, read strictly and written atomically, with its {@code __metadata__}.
 *
 * <p>A leaf: no other package of the project and no tensor engine. The format is described at
 * https://huggingface.co/docs/safetensors: eight bytes of header length (little endian), a JSON header that gives each
 * tensor's dtype, shape and byte range, then the tensors' bytes without gaps.
 */
package dev.switchlab.safetensors;
