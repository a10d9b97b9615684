// TensorFlow's message types.
#pragma once

#include "floe/format/message_type.h"

namespace floe::schema {

/// By full name, e.g. "tensorflow.NodeDef"; null when there is no such type.
const MessageType* find_message(std::string_view full_name);

extern const MessageType &GraphDef, &NodeDef, &AttrValue, &NameAttrList, &TensorProto, &TensorShapeProto,
    &VersionDef, &FunctionDefLibrary, &FunctionDef, &GradientDef, &RegisteredGradient, &OpDef, &OpList,
    &ResourceHandleProto, &VariantTensorDataProto, &FullTypeDef;
extern const MessageType &ConfigProto, &GPUOptions, &GraphOptions, &RunOptions;
extern const MessageType &SavedModel, &MetaGraphDef, &SignatureDef, &TensorInfo, &SaverDef, &CollectionDef,
    &AssetFileDef, &SavedObjectGraph, &SavedObject, &StructuredValue, &TrackableObjectGraph;
extern const MessageType &BundleHeaderProto, &BundleEntryProto, &TensorSliceProto;

/// The DataType enum: DT_FLOAT, DT_FLOAT_REF, ...
extern const EnumType& DataType;

}  // namespace floe::schema
